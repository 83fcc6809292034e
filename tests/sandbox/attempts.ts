/** Code that tries to get out of the sandbox. */
export interface Attempt {
  readonly name: string;
  readonly code: string;
  readonly isCondition?: true;
  /** It is refused before it runs, with this in the message. Else it runs, and must not set `event.fields.escaped`. */
  readonly refused?: RegExp;
}

/** `port` and `file`: where an escape would be noticed. */
export function attempts({ port, file }: { readonly port: number; readonly file: string }): Attempt[] {
  const url = `http://127.0.0.1:${port}/module.js`;
  const probe = `return typeof Deno + typeof fetch + typeof globalThis + typeof process`;
  const script = (name: string, code: string, refused?: RegExp): Attempt => ({
    name,
    code,
    ...(refused === undefined ? {} : { refused }),
  });
  const condition = (name: string, code: string, refused?: RegExp): Attempt => ({
    ...script(name, code, refused),
    isCondition: true,
  });
  const constructing = (name: string, functionText: string) =>
    script(
      name,
      `const make = (${functionText}); const f = make && make(${JSON.stringify(probe)});
       event.fields.escaped = typeof f === "function" ? f() : typeof f;`,
    );
  return [
    // Function constructors.
    constructing("constructor of an arrow function", "(() => {}).constructor"),
    constructing("constructor by name", '(() => {})["constructor"]'),
    constructing("constructor by a name made at run time", '(() => {})["con" + "structor"]'),
    constructing("constructor of a constructor", "({}).constructor.constructor"),
    constructing("constructor of a method", '"".trim.constructor'),
    constructing("constructor of a generator function", "(function* () {}).constructor"),
    constructing(
      "constructor of a generator's prototype",
      "Object.getPrototypeOf(function* () {}).constructor",
    ),
    constructing("constructor of a class", "(class {}).constructor"),
    constructing(
      "constructor of a method with super",
      "({ m() { return super.constructor.constructor } }).m()",
    ),
    constructing(
      "constructor over super by name",
      '({ __proto__: () => {}, m(k) { return super[k] } }).m("constructor")',
    ),
    constructing("constructor of a bound function", "(() => {}).bind().constructor"),
    constructing(
      "constructor by a descriptor",
      'Object.getOwnPropertyDescriptor(Object.getPrototypeOf(() => {}), "constructor").get()',
    ),
    constructing(
      "constructor over all descriptors",
      "Object.getOwnPropertyDescriptors(Object.getPrototypeOf(() => {})).constructor.get()",
    ),
    constructing(
      "the prototype of a generator function's prototype",
      "Object.getPrototypeOf(Object.getPrototypeOf(function* () {})).constructor",
    ),
    constructing("constructor of the event", "((e) => e.constructor.constructor)(event)"),
    constructing("constructor of the fields' methods", "event.fields.text.at.constructor"),
    constructing(
      "constructor of the getter of a setter",
      'Object.getOwnPropertyDescriptor(Object.prototype, "toString").set.constructor',
    ),
    constructing(
      "constructor of the thrower",
      'Object.getOwnPropertyDescriptor(Object.getPrototypeOf(() => {}), "caller").get.constructor',
    ),
    constructing(
      "constructor of an error's stack getter",
      '(Object.getOwnPropertyDescriptor(new Error(), "stack").get ?? (() => {})).constructor',
    ),
    constructing("constructor of the pattern maker", "RegExp.constructor"),
    constructing("constructor in a chain at the end", "(() => {})?.constructor"),
    script(
      "constructor in a chain",
      'event.fields.escaped = (() => {})?.constructor("return 1")?.call(null)',
    ),
    script(
      "constructor in the middle of a chain",
      "event.fields.escaped = /x/?.constructor.prototype.exec",
      /brackets/,
    ),
    script(
      "a name in the middle of a chain",
      'const k = "constructor"; event.fields.escaped = /x/?.[k].valueOf()',
      /brackets/,
    ),
    script("constructor in a pattern", "const { constructor: C } = () => {};", /constructor cannot/),
    script(
      "constructor in a pattern by name",
      'const { ["constr" + "uctor"]: C } = () => {};',
      /names in \[\]/,
    ),
    script("constructor in a parameter", "(({ constructor: C }) => C)(() => {})", /constructor cannot/),
    script(
      "a class that extends Function",
      'class F extends Function {} event.fields.escaped = new F("return 1")()',
      /Function is not available/,
    ),
    script(
      "a class that extends a constructor",
      'class F extends (() => {}).constructor {} event.fields.escaped = new F("return typeof Deno")()',
    ),
    // Asynchronous code.
    script("an async function", "async function f() {} f()", /async functions/),
    script("an async arrow function", "(async () => {})()", /async functions/),
    script("an async generator", "(async function* () {})()", /async functions/),
    script("an async method", "({ async m() {} }).m()", /async functions/),
    script("await", "await 1", /./),
    script("Promise", "Promise.resolve().then(() => {})", /Promise is not available.*returned/),
    script(
      "Array.fromAsync",
      'event.fields.escaped = typeof Array["fromAsync"] === "function" ? "there" : ""',
    ),
    script("setTimeout", "setTimeout(() => {}, 0)", /setTimeout is not available/),
    // import.
    script("import of an address", `import(${JSON.stringify(url)})`, /import is not available/),
    script("import of a file", `import(${JSON.stringify(file)})`, /import is not available/),
    script(
      "import with comments",
      `import/* x */\n// y\n(${JSON.stringify(url)})`,
      /import is not available/,
    ),
    script("import with an escape", `\\u0069mport(${JSON.stringify(url)})`, /./),
    script(
      "import in a nested function",
      `(() => () => import(${JSON.stringify(url)}))()()`,
      /import is not available/,
    ),
    script("import in a template", "`${import('" + url + "')}`", /import is not available/),
    script(
      "import in a parameter",
      `((x = import(${JSON.stringify(url)})) => x)()`,
      /import is not available/,
    ),
    script(
      "import in a class field",
      `new (class { x = import(${JSON.stringify(url)}) })()`,
      /import is not available/,
    ),
    script(
      "import in a static block",
      `class A { static { import(${JSON.stringify(url)}) } }`,
      /import is not available/,
    ),
    script(
      "import in a computed key",
      `({ [import(${JSON.stringify(url)})]: 1 })`,
      /import is not available/,
    ),
    script("import.meta", "event.fields.escaped = import.meta.url", /./),
    script("import as a statement", `import x from ${JSON.stringify(url)};`, /./),
    script("import.source", `import.source(${JSON.stringify(url)})`, /./),
    script("import behind an HTML comment", `<!-- x\nimport(${JSON.stringify(url)})`, /./),
    script(
      "import behind the end of an HTML comment",
      `event.fields.a = 1;\n--> import(${JSON.stringify(url)})`,
      /comments begin/,
    ),
    script(
      "import behind a line separator",
      `// x\u2028import(${JSON.stringify(url)})`,
      /import is not available/,
    ),
    script("import behind a hashbang", `#!x\nimport(${JSON.stringify(url)})`, /./),
    script(
      "the word import in texts",
      'event.fields.escaped = "import(x)" === "im" + "port(x)" && /\\import/.test("import") && "\\\\import".length === 7 ? "" : "changed"',
    ),
    script("the word import in a template with a tag", "String.raw`import`", /the word import/),
    // Names.
    script("eval", 'eval("1")', /eval is not available/),
    script("eval by a comma", '(0, eval)("1")', /eval is not available/),
    script("fetch", `fetch(${JSON.stringify(url)})`, /fetch is not available.*reach nothing outside/),
    script("fetch with an escape", `f\\u0065tch(${JSON.stringify(url)})`, /fetch is not available/),
    script(
      "a parameter that sees a variable of its body",
      "((x = fetch) => { var fetch; return x })()",
      /fetch is not available/,
    ),
    script(
      "a caught value's default that sees the block",
      "try { throw {} } catch ({ a = fetch }) { let fetch; }",
      /fetch is not available/,
    ),
    script("what is switched over", "switch (fetch) { case 0: let fetch; }", /fetch is not available/),
    script(
      "a variable of another function",
      "function f() { var fetch; } fetch('x')",
      /fetch is not available/,
    ),
    script("a variable of another block", "{ let fetch; } fetch('x')", /fetch is not available/),
    script("a function of another block", "{ function fetch() {} } fetch('x')", /fetch is not available/),
    script("a label", "fetch: for (;;) { break fetch; } fetch('x')", /fetch is not available/),
    script("a property", "({ fetch: 1 }); fetch('x')", /fetch is not available/),
    script("a shorthand property", "event.fields.x = { fetch }", /fetch is not available/),
    script(
      "a static block's variable",
      "class A { static { var fetch; } } fetch('x')",
      /fetch is not available/,
    ),
    script("a function's own name outside", "(function fetch() {}); fetch('x')", /fetch is not available/),
    script("Deno", "Deno.readTextFileSync('/etc/hostname')", /Deno is not available/),
    script("process", "process.env.HOME", /process is not available/),
    script("globalThis", "globalThis.x = 1", /globalThis is not available/),
    script("self", "self.close()", /self is not available/),
    script("postMessage", "postMessage('x')", /postMessage is not available/),
    script("typeof of a name", "event.fields.escaped = typeof Deno", /Deno is not available/),
    script("assigning a global", "Math = {}", /Math cannot be assigned/),
    script("assigning a global in a pattern", "[Math] = [1]", /Math cannot be assigned/),
    script("assigning a global in a loop", "for (JSON of [1]) {}", /JSON cannot be assigned/),
    script("counting a global", "NaN++", /NaN cannot be assigned/),
    script("assigning an unknown name", "leak = 1", /leak is not available/),
    script("arguments", "event.fields.escaped = arguments.callee", /arguments is not available/),
    script("arguments of a function", "(function () { return arguments })()", /arguments is not available/),
    script("with", "with (event) { fields }", /./),
    script("Proxy", "new Proxy({}, {})", /Proxy is not available/),
    script("Reflect", "Reflect.ownKeys(event)", /Reflect is not available/),
    script("Symbol", "Symbol.iterator", /Symbol is not available/),
    script("WebAssembly", "WebAssembly.compile", /WebAssembly is not available/),
    script("a debugger", "debugger", /debugger/),
    script("a private name", "class A { #x = 1; static has(o) { return #x in o } }", /private names/),
    // this.
    script("this", "event.fields.escaped = this"),
    script("this of a function", "event.fields.escaped = (function () { return this })()"),
    script("this of a callback", "event.fields.escaped = [1].map(function () { return this })[0]"),
    script(
      "this of a replacer",
      'event.fields.escaped = ""; "a".replace("a", function () { event.fields.escaped = this })',
    ),
    script("this by call", "event.fields.escaped = (function () { return this }).call(undefined)"),
    script(
      "this of a language function",
      "try { event.fields.escaped = (0, event.fields.valueOf)() } catch {}",
    ),
    // Leaving the frame.
    script("the end of the function", "}) ; evil(); ({", /./),
    script("the end of the function and another", "} ); (function (event) { fetch('x') ", /./),
    script("an open comment", "/*", /./),
    script("a comment at the end", "event.fields.a = 1 // }"),
    script("an open template", "`${", /./),
    script("another event", "let event = 1", /./),
    // Errors and stacks.
    script(
      "Error.prepareStackTrace",
      "try { Error.prepareStackTrace = (_, sites) => sites } catch {} event.fields.escaped = typeof new Error().stack === 'string' ? '' : 'sites'",
    ),
    script(
      "Error.prepareStackTrace by definition",
      "try { Object.defineProperty(Error, 'prepareStackTrace', { value: (_, sites) => sites }) } catch {} event.fields.escaped = typeof new Error().stack === 'string' ? '' : 'sites'",
    ),
    script(
      "Error.captureStackTrace",
      "const o = {}; Error.captureStackTrace(o); event.fields.escaped = o.stack",
    ),
    script(
      "Error.stackTraceLimit",
      "try { Error.stackTraceLimit = 0 } catch {} event.fields.escaped = Error.stackTraceLimit === 10 ? '' : 'changed'",
    ),
    script(
      "the caller",
      "function f() { try { return f.caller } catch { return '' } } event.fields.escaped = f()",
    ),
    // Patterns.
    script(
      "RegExp.$1",
      '/(.*)/.exec("secret"); event.fields.escaped = RegExp.$1 || RegExp.lastMatch || RegExp.input',
    ),
    script(
      "RegExp statics by the constructor",
      'event.fields.escaped = /x/.constructor.$1 || /x/.constructor["$_"] || ""',
    ),
    script(
      "the prototype of patterns",
      "try { RegExp.prototype.exec = () => null } catch {} event.fields.escaped = RegExp.prototype.exec",
    ),
    script(
      "the prototype of patterns by a pattern",
      "try { /x/.constructor.prototype.exec = () => null; event.fields.escaped = 'changed' } catch {}",
    ),
    script(
      "the prototype of patterns by a name",
      "const c = 'constructor', p = 'prototype'; try { /x/[c][p].exec = () => null; event.fields.escaped = 'changed' } catch {}",
    ),
    script(
      "the prototype of patterns by getPrototypeOf",
      "event.fields.escaped = Object.getPrototypeOf(/x/) ?? ''",
    ),
    script(
      "the prototype of patterns by inheritance",
      "event.fields.escaped = Object.getPrototypeOf(Object.getPrototypeOf(Object.create(/x/))) ?? ''",
    ),
    script(
      "the prototype of patterns by super",
      "const o = { __proto__: /x/, m() { return super.constructor.prototype } }; event.fields.escaped = o.m().exec",
    ),
    script(
      "the prototype of patterns by super and name",
      "const o = { __proto__: /x/, m(k) { return super[k] } }; event.fields.escaped = o.m('constructor') === RegExp ? '' : 'real'",
    ),
    script(
      "the maker of patterns by ||=",
      "const c = 'constructor', x = /x/; event.fields.escaped = (x[c] ||= 1) === RegExp ? '' : 'real'",
    ),
    script(
      "the maker of patterns by a method",
      "const c = 'constructor'; event.fields.escaped = /x/[c].valueOf() === RegExp ? '' : 'real'",
    ),
    script(
      "the maker of patterns by new",
      "const c = 'constructor'; let got = ''; try { got = new /x/[c].valueOf() } catch {} event.fields.escaped = got",
    ),
    script(
      "the maker of patterns by a template",
      "const c = 'constructor'; const got = /x/[c]`y`; event.fields.escaped = got instanceof RegExp ? '' : got",
    ),
    script(
      "the maker of patterns by matchAll",
      "event.fields.escaped = 'x'.matchAll(/x/g).constructor.prototype === undefined ? 'lost' : ''",
    ),
    script(
      "the maker of patterns by a name called like the screen",
      "const screen = (x) => x, k = 'constructor'; event.fields.escaped = /x/[k] === RegExp ? '' : 'real'",
    ),
    script(
      "the maker of patterns without space",
      "const k = 'constructor'; const f = () => { return[/x/][0]}; event.fields.escaped = f()[k] === RegExp ? '' : 'real'",
    ),
    // Changing what others use.
    script("Array.prototype", "Array.prototype.map = () => 'polluted'"),
    script("Array.prototype by an array", "[].constructor.prototype.map = () => 'polluted'"),
    script("Object.prototype", "Object.prototype.polluted = 'polluted'"),
    script("Object.prototype by __proto__", "event.fields.__proto__.polluted = 'polluted'"),
    script(
      "Object.prototype by defineProperty",
      "Object.defineProperty(Object.prototype, 'polluted', { get: () => 'polluted' })",
    ),
    script(
      "Object.prototype by a legacy method",
      "Object.prototype.__defineGetter__('polluted', () => 'polluted')",
    ),
    script("Object.prototype by assign", "Object.assign(Object.prototype, { polluted: 'polluted' })"),
    script(
      "Object.prototype's setter",
      "Object.getOwnPropertyDescriptor(Object.prototype, 'toString').set.call(Object.prototype, () => 'polluted')",
    ),
    script(
      "Object.prototype's setter on another",
      "Object.getOwnPropertyDescriptor(Object.prototype, 'toString').set.call(Array.prototype, () => 'polluted')",
    ),
    script(
      "the prototype of Object.prototype",
      "Object.setPrototypeOf(Object.prototype, { polluted: 'polluted' })",
    ),
    script("a method of String", "String.prototype.trim = () => 'polluted'"),
    script("a method of numbers", "Object.getPrototypeOf(1).toFixed = () => 'polluted'"),
    script("Math", "Math.max = () => 'polluted'"),
    script("Date", "Date.now = () => 0"),
    script("JSON", "JSON.stringify = () => 'polluted'"),
    script("deleting from Math", "delete Math.max"),
    script("the iterator of arrays", "Object.getPrototypeOf([].values()).next = () => ({ done: true })"),
    script("the iterator of maps", "Object.getPrototypeOf(new Map().values()).next = () => ({ done: true })"),
    script(
      "the iterator of texts",
      "Object.getPrototypeOf(Object.getPrototypeOf(''.matchAll(/x/g))).map = () => 'polluted'",
    ),
    script(
      "generators",
      "Object.getPrototypeOf(Object.getPrototypeOf((function* () {})())).next = () => 'polluted'",
    ),
    script("Iterator helpers", "Object.getPrototypeOf([].values().map((x) => x)).next = () => 'polluted'"),
    script(
      "Temporal by a date",
      "new Date().toTemporalInstant().constructor.prototype.polluted = 'polluted'",
    ),
    script("a function of a function", "Object.keys.call = () => 'polluted'"),
    script("Function.prototype", "Object.getPrototypeOf(() => {}).call = () => 'polluted'"),
    script("an error's prototype", "TypeError.prototype.name = 'polluted'"),
    script(
      "a thrown error's prototype",
      "try { null.x } catch (e) { e.constructor.prototype.message = 'polluted' }",
    ),
    script("a property of a language function", "Object.keys.polluted = 'polluted'"),
    script("a property of a callback's this", "'a'.replace('a', 'b').constructor.polluted = 'polluted'"),
    // What stays in the record.
    script("a getter in the literal", "event.fields = { get x() { return 1 } }", /getters/),
    script("a setter in a class", "class A { set x(v) {} }", /getters/),
    script(
      "a getter by defineProperty",
      "Object.defineProperty(event.fields, 'x', { get: () => 1, enumerable: true })",
    ),
    script(
      "a getter by defineProperties",
      "Object.defineProperties(event.fields, { x: { get: () => 1, enumerable: true } })",
    ),
    script(
      "a getter by create",
      "event.fields = Object.create({}, { x: { get: () => 1, enumerable: true } })",
    ),
    script(
      "a getter of the language",
      "Object.defineProperty(event.fields, 'x', Object.getOwnPropertyDescriptor(Map.prototype, 'size'))",
    ),
    script("a getter by captureStackTrace", "Error.captureStackTrace(event.fields)"),
    script("a hidden toJSON", "Object.defineProperty(event.fields, 'toJSON', { value: () => 'polluted' })"),
    script("toJSON", "event.fields.toJSON = () => 'polluted'"),
    script("toJSON deeper", "event.fields.a = [{ b: { toJSON: () => 'polluted' } }]"),
    script("toJSON of an array", "event.fields.a = Object.assign([1], { toJSON: () => 'polluted' })"),
    script("toJSON by inheritance", "event.fields = { __proto__: { toJSON: () => 'polluted' }, a: 1 }"),
    script(
      "toString and valueOf",
      "event.fields.a = { toString: () => 'polluted', valueOf: () => 1 }; event.message = event.fields.a",
    ),
    script(
      "a symbol over an array",
      "const d = Object.getOwnPropertyDescriptors(Array.prototype); Object.assign(event.fields, d)",
    ),
    script(
      "a symbol over getOwnPropertySymbols",
      "event.fields.escaped = Object.getOwnPropertySymbols(Array.prototype).length || ''",
    ),
    script("a class instance", "class A { a = 1; toJSON() { return 'polluted' } } event.fields.a = new A()"),
    script(
      "a class with array",
      "class A extends Array { toJSON() { return 'polluted' } } event.fields.a = A.from([1])",
    ),
    script(
      "a date with its own method",
      "const d = new Date(0); d.toISOString = () => 'polluted'; d.toJSON = d.toISOString; event.fields.a = d; event.timestamp = d",
    ),
    script(
      "a date with a prototype only",
      "event.fields.a = Object.create(Date.prototype); event.timestamp = event.fields.a",
    ),
    script(
      "a map and a set",
      "const m = new Map([['a', () => 1], [{ toString: () => 'polluted' }, 1]]); m.entries = () => 'polluted'; event.fields.a = m; event.fields.b = new Set([() => 1, 2])",
    ),
    script(
      "a pattern",
      "const r = /x/; r.source2 = () => 1; r.toString = () => 'polluted'; event.fields.a = r",
    ),
    script(
      "an error",
      "const e = new Error('a'); e.name = { toString: () => 'polluted' }; event.fields.a = e",
    ),
    script(
      "an intrinsic object",
      "event.fields.a = Date.prototype; event.fields.b = Math; event.fields.c = Array.prototype",
    ),
    script("an intrinsic object as the fields", "event.fields = Date.prototype"),
    script("a function", "event.fields.a = () => 1; event.fields.b = Math.max; event.message = () => 'x'"),
    script("a generator", "event.fields.a = (function* () { try { yield 1 } finally { } })()"),
    script("a circle", "event.fields.a = event.fields; event.fields.b = [event.fields]"),
    script(
      "a deep circle",
      "let o = event.fields; for (let i = 0; i < 3000; i++) { o.x = {}; o = o.x } o.y = event.fields",
    ),
    script("an endless array", "const a = []; a[4294967294] = 1; event.fields.a = a"),
    script("frozen fields", "Object.freeze(event.fields); event.fields.a = 1"),
    script(
      "sealed and hidden",
      "Object.seal(event.fields); Object.preventExtensions(event.fields); Object.defineProperty(event.fields, 'b', { value: 1 })",
    ),
    script(
      "a key called __proto__",
      'event.fields = JSON.parse(\'{"__proto__": {"toJSON": 1}, "constructor": 1}\')',
    ),
    script("a value of JSON.rawJSON", "event.fields.a = JSON.rawJSON('1')"),
    script("numbers that JSON has not", "event.fields.a = [NaN, Infinity, -Infinity, -0]"),
    script(
      "a prototype put in later",
      "Object.setPrototypeOf(event.fields, { inherited: 1, toJSON() { return 1 } })",
    ),
    script("the array of a template", "event.fields.a = ((s) => s)`x${1}y`"),
    script("a thrown object", "throw { toString() { throw { toString: null } } }"),
    script(
      "a thrown error with its own text",
      "class E extends Error {} const e = new E('x'); e.message = { toString: () => 'polluted' }; e.stack = { toString: () => 'polluted' }; throw e",
    ),
    script("a stack without end", "const f = () => f() + 1; f()"),
    script(
      "a returned trap",
      "return { then(f) { f() }, fields: { then: () => 1 }, message: { toString: () => 'polluted' } }",
    ),
    script(
      "a reviver",
      "JSON.parse('[1, {\"a\": 2}]', function (k, v) { if (this.polluted) event.fields.escaped = 'x'; return v })",
    ),
    script(
      "the species of an array",
      "const a = [1]; a.constructor = class { constructor() { return event } }; a.map((x) => x)",
    ),
    script(
      "a generator's return and throw",
      "function* g() { try { yield this } finally { event.fields.escaped = this } } const i = g(); i.next(); i.return(1)",
    ),
    script("labels", "a: { b: { break a } } event.fields.escaped = ''"),
    // State.
    script("counting in the event", "event.count = (event.count ?? 0) + 1", /event has no count/),
    script(
      "counting in the event by a name",
      "const k = 'count'; event[k] = (event[k] ?? 0) + 1; event.fields.escaped = event[k] > 1 ? 'kept' : ''",
    ),
    script(
      "counting in a template",
      "const f = (s) => s; try { f`x`.count = 1 } catch {} event.fields.escaped = f`x`.count ?? ''",
    ),
    script(
      "counting in a pattern",
      "const r = /x/g; event.fields.escaped = r.lastIndex || ''; r.test('xx'); r.count = 1",
    ),
    script("counting in a function", "function f() {} event.fields.escaped = f.count ?? ''; f.count = 1"),
    script(
      "counting in a language function",
      "event.fields.escaped = Object.keys.count ?? ''; try { Object.keys.count = 1 } catch {}",
    ),
    script(
      "counting in a class",
      "class A { static count = 0 } event.fields.escaped = A.count || ''; A.count++",
    ),
    // Conditions.
    condition("a condition that ends early", "true) ; evil(); (true", /./),
    condition("a condition of two parts", "true) || (true", /one expression/),
    condition("a condition with a comment at the end", "level === 'error' // )"),
    condition("a condition behind a comment", "/* ) */ level"),
    condition("a condition with an open comment", "true /*", /./),
    condition("a condition that assigns", "fields.a = 1", /changes nothing/),
    condition("a condition that assigns a variable", "level = 'error'", /===/),
    condition("a condition that counts", "fields.a++", /\+\+/),
    condition("a condition that deletes", "delete fields.a", /delete/),
    condition("a condition that changes an array", "fields.list.push(1)", /push\(\) is not available/),
    condition("a condition that sorts", "fields.list.sort()", /sort\(\) is not available/),
    condition("a condition that changes by a name", "fields.list['push'](1)", /plain name/),
    condition(
      "a condition that changes by a callback",
      "[1].map(fields.list.push, fields.list)",
      /takes a function/,
    ),
    condition(
      "a condition that changes by Array.from",
      "Array.from([1], fields.list.push, fields.list)",
      /takes a function/,
    ),
    condition(
      "a condition that changes by spreading",
      "Array.from(...[[1], fields.list.push, fields.list])",
      /lists only/,
    ),
    condition(
      "a condition that changes by a replacer",
      "JSON.stringify(fields, fields.list.push)",
      /one value/,
    ),
    condition(
      "a condition that changes by call",
      "fields.list.push.call(fields.list, 1)",
      /call\(\) is not available/,
    ),
    condition("a condition that freezes", "[fields].map(fields.constructor.freeze)", /./),
    condition("a condition with assign", "Object.assign(fields, { a: 1 })", /assign\(\) is not available/),
    condition("a condition with a constructor", "fields.constructor.constructor('return 1')()", /./),
    condition(
      "a condition with a constructor by name",
      "fields['constructor']",
      /constructor is not available/,
    ),
    condition(
      "a condition with a made name",
      "fields['constr' + 'uctor']['constr' + 'uctor']('return 1')()",
      /plain name/,
    ),
    condition("a condition with import", `import(${JSON.stringify(url)})`, /import is not available/),
    condition("a condition with a function", "(function () { return this })()", /./),
    condition("a condition that calls an arrow function", "((x) => x)(1)", /plain name/),
    condition(
      "a condition with an arrow function that assigns",
      "fields.list.some((x) => fields.a = x)",
      /changes nothing/,
    ),
    condition("a condition with a tag", "String.raw`x`", /tag/),
    condition("a condition with fetch", "fetch('x')", /fetch is not available/),
    condition("a condition with await", "await 1", /./),
    condition("a condition with a comma", "1, 2", /comma/),
    condition("a condition with this", "this", /this is not available/),
  ];
}
