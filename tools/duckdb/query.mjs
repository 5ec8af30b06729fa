// Answers queries with DuckDB.
//
//     node query.mjs FOLDER < queries.json
//
// The queries are an array of strings; relative paths in them are relative to
// the working directory. FOLDER is where npm has installed this package.json.
// The answer is an array with the rows of each query, an array each. Integers
// of 64 bits and more are written as strings, so that no digit is lost.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const { DuckDBInstance } = createRequire(resolve(process.argv[2], 'package.json'))('@duckdb/node-api');

const connection = await (await DuckDBInstance.create(':memory:')).connect();
const answers = [];
for (const query of JSON.parse(readFileSync(0, 'utf8'))) {
  const reader = await connection.runAndReadAll(query);
  answers.push(reader.getRowsJson());
}
console.log(JSON.stringify(answers));
