// Reads SQL texts with Trino's own grammar: a JSON list of texts in, a JSON list of what stands in each of them out.

import { readFileSync } from "node:fs";
import { register } from "node:module";

// The package is written for bundlers: ESM that does not say so, with imports that lack their endings.
const hook = `export async function resolve(name, context, next) {
  const inside = name.startsWith("dt-sql-parser/") || context.parentURL?.includes("/dt-sql-parser/");
  if (!inside || name === "antlr4ng") return next(name, context);
  return { ...(await next(name.endsWith(".js") ? name : name + ".js", context)), format: "module" };
}`;
register("data:text/javascript," + encodeURIComponent(hook));

const { CharStreams, CommonTokenStream } = await import("antlr4ng");
const { TrinoSqlLexer } = await import("dt-sql-parser/dist/lib/trino/TrinoSqlLexer.js");
const { TrinoSqlParser } = await import("dt-sql-parser/dist/lib/trino/TrinoSqlParser.js");

// The grammar takes these only so that Trino can refuse them with a good message (its SqlParser.PostProcessor).
const REFUSED = new Map([
  [TrinoSqlLexer.BACKQUOTED_IDENTIFIER, "a name in backquotes: Trino quotes names with double quotes"],
  [TrinoSqlLexer.DIGIT_IDENTIFIER, "a name that begins with a digit"],
]);

function read(sql) {
  const found = { faults: [], statements: [], functions: [], types: [], aliases: [], literals: [] };
  const fault = (line, column, what) => found.faults.push(`${line}:${column + 1}: ${what}`);
  const listener = {
    // Its list of what might have stood there is longer than any query.
    syntaxError: (_reader, token, line, column, message) =>
      fault(line, column, `syntax error at '${token?.text ?? sql[column]}': ${message.split(" expecting ")[0]}`),
    reportAmbiguity() {}, reportAttemptingFullContext() {}, reportContextSensitivity() {},
  };
  const lexer = new TrinoSqlLexer(CharStreams.fromString(sql));
  const parser = new TrinoSqlParser(new CommonTokenStream(lexer));
  for (const reader of [lexer, parser]) {
    reader.removeErrorListeners();
    reader.addErrorListener(listener);
  }
  const tree = parser.program();
  for (const token of parser.tokenStream.getTokens()) {
    if (REFUSED.has(token.type)) fault(token.line, token.column, REFUSED.get(token.type));
  }
  walk(tree, found);
  return found;
}

function walk(node, found) {
  const rule = TrinoSqlParser.ruleNames[node.ruleIndex];
  if (rule === "statements") found.statements.push(node.children[0].children[0].constructor.name);
  if (rule === "functionName") found.functions.push(node.getText());
  if (/^Json\w+Context$/.test(node.constructor.name) && rule === "primaryExpression")
    found.functions.push(node.children[0].getText());
  if (node.constructor.name === "ParameterContext") found.faults.push("?: a parameter; our texts are finished");
  if (rule === "type") found.types.push(node.getText());
  // An alias without AS is where a word that Trino does not know ends up: FROM t SEMI JOIN u, FROM t QUALIFY (...).
  if (rule === "aliasedRelation" && node.children.length > 1 && node.children[1].getText().toUpperCase() !== "AS")
    found.aliases.push(node.children[1].getText());
  // A word before a string is a type's literal: DATE '...', but INTERVAL '30 days' and E'...' as well.
  if (node.constructor.name === "TypeConstructorContext") found.literals.push(node.children[0].getText());
  for (const child of node.children ?? []) walk(child, found);
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
