import assert from "node:assert/strict";
import * as fc from "fast-check";
import { compileNamedRegExp, compileRegExp } from "../../src/lib/regular_expression.ts";

/** What the whole pattern and its groups match, or undefined. */
function match(pattern: string, text: string, dialect: "general" | "oniguruma" = "general") {
  const found = compileNamedRegExp(pattern, { dialect }).regexp.exec(text);
  return found === null ? undefined : [...found];
}

function messageOf(pattern: string, dialect: "general" | "oniguruma" = "general"): string {
  try {
    compileNamedRegExp(pattern, { dialect });
  } catch (error) {
    assert(error instanceof Error);
    return error.message;
  }
  return `"${pattern}" was accepted`;
}

Deno.test("compileRegExp takes what Go and JavaScript write", () => {
  const table: [pattern: string, text: string, expected: (string | undefined)[] | undefined][] = [
    ["(?P<a>x)(?<b>y)", "xy", ["xy", "x", "y"]],
    ["(?i)error", "an ErRoR", ["ErRoR"]],
    ["(?i)[a-c]+", "xAbC", ["AbC"]],
    ["a(?i:b)c", "aBc", ["aBc"]],
    ["a(?i:b)c", "aBC", undefined],
    ["a(?i)b|c", "C", ["C"]],
    ["(?i:a(?-i:b))", "Ab", ["Ab"]],
    ["(?i:a(?-i:b))", "AB", undefined],
    ["(?i)ä", "Ä", ["Ä"]],
    ["(?is)a.b", "A\nB", ["A\nB"]],
    ["a.b", "a\nb", undefined],
    ["a.b", "a\rb", ["a\rb"]],
    ["(?s:.)b", "\nb", ["\nb"]],
    ["(?m)^b$", "a\nb\nc", ["b"]],
    ["^b$", "a\nb\nc", undefined],
    ["(?m)\\Ab", "a\nb", undefined],
    ["(?m)b\\z", "b\nc", undefined],
    ["b\\Z", "b\n", ["b"]],
    ["\\Qa.b*\\E+", "a.b***", ["a.b***"]],
    ["\\Q(x", "(x", ["(x"]],
    ["\\Q\\E", "", [""]],
    ["[[:alpha:]_]+", "12ab_c3", ["ab_c"]],
    ["[[:^digit:]]+", "12ab", ["ab"]],
    ["[^[:space:]]+", " ab ", ["ab"]],
    ["[[:word:]]+", "-a_1-", ["a_1"]],
    ["\\pL+", "1äß2", ["äß"]],
    ["\\p{Greek}+", "abγδ", ["γδ"]],
    ["\\p{Lu}\\P{Lu}", "aBc", ["Bc"]],
    ["\\p{^L}", "a1", ["1"]],
    ["[\\pL\\d]+", "-ä1-", ["ä1"]],
    ["\\h+x", "a \tx", [" \tx"]],
    ["[]a]+", "x]a]", ["]a]"]],
    ["[^]a]+", "]xa", ["x"]],
    ["a[^]*[b]", "a]\nb", ["a]\nb"]],
    ["a[^]b", "a\nb", ["a\nb"]],
    ["[a-]+", "-a", ["-a"]],
    ["[a\\-z]+", "b-z", ["-z"]],
    ["[a-\\d]+", "-1b", ["-1"]],
    ["[[]+", "[[", ["[["]],
    ["[\\]\\\\]+", "\\]", ["\\]"]],
    ["\\x41\\x{42}\\u0043\\103\\t", "ABCC\t", ["ABCC\t"]],
    ["\\x{1F600}+", "😀😀", ["😀😀"]],
    ["[😀-😂]", "😁", ["😁"]],
    ["\\ud83d\\ude00", "😀", ["😀"]],
    ['\\"\\/\\_\\-\\#', '"/_-#', ['"/_-#']],
    ["a{2}b{1,}c{0,2}", "aabcc", ["aabcc"]],
    ["a{,2}", "a{,2}", ["a{,2}"]],
    ["x{y}", "x{y}", ["x{y}"]],
    ["}]", "}]", ["}]"]],
    ["a*?b+?c??", "aabbc", ["aab"]],
    ["(a)(?:b)\\1", "aba", ["aba", "a"]],
    ["(?<q>['\"]).*?\\k<q>", "x'y\"z'", ["'y\"z'", "'"]],
    ["(?P<q>a)(?P=q)", "aa", ["aa", "a"]],
    ["(?=ab)a", "ab", ["a"]],
    ["(?<!x)a(?!c)", "ab", ["a"]],
    ["(?<=x)a", "xa", ["a"]],
    ["(?#a comment)b", "b", ["b"]],
    ["(?x) a b # comment", "ab", ["ab"]],
    ["\\bab\\B", "abc", ["ab"]],
    ["(?>a+)b", "aab", ["aab", "aa"]],
    ["(?>a+)a", "aaa", undefined],
    ["(?>a|ab)c", "abc", undefined],
    ["(?>ab)c", "abc", ["abc"]],
    ["a++a", "aaa", undefined],
    ["(a)(?>(b)+)\\2\\1", "abbba", undefined],
    ["(a)(?>(b)c+)\\2\\1", "abccba", ["abccba", "a", "bcc", "b"]],
    ["", "x", [""]],
    ["a||b", "b", [""]],
  ];
  for (const [pattern, text, expected] of table) assert.deepEqual(match(pattern, text), expected, pattern);
});

Deno.test("compileNamedRegExp takes what Oniguruma writes", () => {
  const table: [pattern: string, text: string, expected: (string | undefined)[] | undefined][] = [
    ["\\h+", "xyz1fg", ["1f"]],
    ["\\H", "a-", ["-"]],
    ["^b$", "a\nb\nc", ["b"]],
    ["\\Ab", "a\nb", undefined],
    ["(?m)a.b", "a\nb", ["a\nb"]],
    ["a{,2}b", "aab", ["aab"]],
    ["(?'n'a)\\k'n'", "aa", ["aa", "a"]],
    ["[[[:alnum:]]_%]+", "-äb_1%", ["äb_1%"]],
    ["[a[bc]]+", "xabc", ["abc"]],
    ["[a[^b]]+", "bca", ["ca"]],
    ["[^[]+", "[ab", ["ab"]],
    ["(?:\\d{2}){1,2}+", "12345", ["1234"]],
  ];
  for (const [pattern, text, expected] of table) {
    assert.deepEqual(match(pattern, text, "oniguruma"), expected, pattern);
  }
});

Deno.test("compileNamedRegExp takes places that Oniguruma repeats", () => {
  for (const pattern of ["a\\z?", "a\\z{1,2}", "^*a", "a\\b+"]) {
    assert.ok(compileNamedRegExp(pattern, { dialect: "oniguruma" }), pattern);
  }
});

Deno.test("compileNamedRegExp tells the name of each group, whatever it is", () => {
  const { regexp, names } = compileNamedRegExp("(?<a.b>1)(2)(?<a-b>3)(?<[a][b]>4)(?P<a.b>5)(?<__proto__>6)");
  assert.deepEqual(names, [undefined, "a.b", undefined, "a-b", "[a][b]", "a.b", "__proto__"]);
  assert.equal(regexp.exec("123456")?.groups, undefined);
});

Deno.test("compileNamedRegExp leaves out groups without names, but not those that are referred to", () => {
  const { regexp, names } = compileNamedRegExp("(a)(b)(?<n>c)\\2", { namedOnly: true });
  assert.deepEqual(names, [undefined, undefined, "n"]);
  assert.deepEqual([...regexp.exec("abcb")!], ["abcb", "b", "c"]);
});

Deno.test("compileNamedRegExp keeps to what V8's linear engine knows where it can", () => {
  const linear = ["(?i)error (\\w+)", "(?s).*(?m)^x", "(?<=a)b", "a{16}", "(?>ab)", "(?:a{4}){4}"];
  const backtracking = [
    "(?=a)",
    "(?!a)",
    "(a)\\1",
    "\\pL",
    "a{17}",
    "(?:a{5}){4}",
    "(?>a+)",
    "a++b",
    "(?<=(a))b",
    "😀",
    "\\Z",
  ];
  for (const pattern of linear) assert.equal(compileNamedRegExp(pattern).backtrackingOnly, false, pattern);
  for (const pattern of backtracking) {
    assert.equal(compileNamedRegExp(pattern).backtrackingOnly, true, pattern);
  }
});

Deno.test("compileRegExp says what is wrong and where", () => {
  const table = {
    "a(b": "the group that begins at position 2 is not closed",
    "a)b": "the parenthesis at position 2 closes no group",
    "a[b": "the class that begins at position 2 is not closed",
    "*a": "there is nothing for the * to repeat at position 1",
    "a|+": "there is nothing for the + to repeat at position 3",
    "a**": "there are two quantifiers in a row at position 3",
    "a{3,2}": "{3,2} has its limits the wrong way round at position 2",
    "a{2000}": "{2000} at position 2 is more than the 1000 times allowed",
    "[z-a]": "the range at position 2 has its ends the wrong way round",
    "a\\": "nothing follows the backslash at position 2",
    "\\C": "\\C at position 1 would match half a character and is not allowed; a dot matches a whole one",
    "a\\y": "\\y at position 2 has no meaning; a letter stands for itself without backslash",
    "(?U)a": "the flag U at position 1 is not allowed; write *? for * and * for *?",
    "(?q)a": "the flag q at position 1 is not known; flags are i, m, s and x",
    "[[:foo:]]":
      "[:foo:] at position 2 is no class of characters (those are alnum, alpha, ascii, blank, cntrl, digit, graph, lower, print, punct, space, upper, word, xdigit)",
    "\\p{Foo}": '"Foo" at position 1 is no Unicode property',
    "(a)\\2": "the reference at position 4 is to a group 2, but the groups that capture are 1",
    "\\k<x>": "the reference at position 1 is to a group x, but the groups that capture are 0",
    "(?<>a)": "the group that begins at position 1 has an empty name",
    "\\xz": "two hex digits or {…} must follow \\x at position 1",
    "\\x{110000}": "\\x{110000} at position 1 is no character",
  };
  for (const [pattern, expected] of Object.entries(table)) {
    assert.equal(messageOf(pattern), `"${pattern}" is not a regular expression: ${expected}`);
  }
  assert.match(
    messageOf("(?~a)"),
    /the group that begins at position 1 is of no known kind; those are /,
  );
  assert.match(messageOf("(".repeat(300) + ")".repeat(300)), /nested more than 200 deep at position 201$/);
  assert.match(
    messageOf("(?~a)", "oniguruma"),
    /an absence operator at position 1, which this program does not know$/,
  );
  assert.match(messageOf("a\\Kb", "oniguruma"), /\\K at position 2, which this program does not know$/);
});

Deno.test("compileRegExp makes of any text a valid expression or an error that tells of a position", () => {
  const piece = fc.constantFrom(
    ..."abz09.^$|()[]{}*+?\\-,:=!<>&PiQEdwshpkuxn'#~ \u00e4😀".match(/./gu)!,
    "[:alpha:]",
    "(?:",
    "(?<n>",
    "(?i)",
    "{1,2}",
    "\\k<n>",
    "(?>",
    "\\pL",
    "&&",
  );
  fc.assert(
    fc.property(fc.array(piece), fc.constantFrom("general", "oniguruma"), (pieces, dialect) => {
      const pattern = pieces.join("");
      try {
        compileNamedRegExp(pattern, { dialect: dialect as "general" });
      } catch (error) {
        assert.match((error as Error).message, /at position \d+/, pattern);
      }
    }),
    { numRuns: 3000 },
  );
});

Deno.test("compileRegExp matches a quoted text and nothing else", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => {
    fc.pre(!text.includes("\\E"));
    assert.equal(compileRegExp(`^\\Q${text}\\E$`).test(text), true);
    assert.equal(compileRegExp(`^\\Q${text}\\E$`).test(`${text}x`), false);
  }));
});

Deno.test("compileRegExp refuses what is too large for the engine before any data comes", () => {
  const pattern = "((((a?){1000}){1000}){1000})";
  assert.equal(messageOf(pattern), `"${pattern}" is a regular expression that is too large`);
});
