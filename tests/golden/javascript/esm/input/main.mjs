import a, { b as c } from "m";
import * as ns from "n";
import data from "./data.json" with { type: "json" };
export { c as d, ns };
export * from "o";
export default async (request) => {};
