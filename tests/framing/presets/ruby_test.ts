import { assertRecords } from "../support.ts";

Deno.test("preset ruby joins a backtrace with its cause, and leaves the lines around alone", () => {
  assertRecords("ruby", [
    "I, [2024-05-01T12:00:00.000000 #1]  INFO -- : starting",
    `app.rb:5:in \`rescue in order': out of stock (RuntimeError)
	from app.rb:2:in \`order'
	 ... 10067 levels...
	from app.rb:9:in \`<main>'
app.rb:3:in \`order': key not found: :x (KeyError)
	from app.rb:9:in \`<main>'`,
    "I, [2024-05-01T12:00:00.000000 #1]  INFO -- : went on",
    "text",
  ]);
});

Deno.test("preset ruby joins marked code and suggestions of Ruby 3", () => {
  assertRecords("ruby", [
    `app.rb:3:in 'Shop#order': undefined method 'foo' for nil (NoMethodError)

    shop.foo
        ^^^^
Did you mean?  for
	from app.rb:9:in '<main>'`,
    "text",
    `app.rb:1:in '<main>': undefined local variable or method 'x' (NameError)

x
^`.replace("\nx\n^", "\n    x\n    ^"),
    "text",
  ]);
});

Deno.test("preset ruby joins backtraces as loggers and Rails print them", () => {
  assertRecords("ruby", [
    "Started GET /shop",
    `ActionView::Template::Error (undefined method 'x' for nil:NilClass):
    1: <h1><%= x %></h1>
  
app/views/shop/show.html.erb:1:in \`_app_views_shop_show'
actionpack (7.0.4) lib/abstract_controller/base.rb:215:in \`process_action'

Caused by:
NoMethodError (undefined method 'x' for nil:NilClass)
  
app/models/shop.rb:1:in \`x'`,
    "Completed 500 Internal Server Error",
    `E, [2024-05-01T12:00:00.000000 #1] ERROR -- : boom (RuntimeError)
app.rb:3:in \`order'
app.rb:9:in \`<main>'`,
    "  indented",
    `Traceback (most recent call last):
	2: from app.rb:9:in \`<main>'
	1: from app.rb:2:in \`order'
app.rb:3:in \`sell': boom (RuntimeError)`,
    "text",
  ]);
});
