export * from "./all";
export * as ns from "./namespace";
export { a, b as c, default as d, default } from "./some";
export {} from "./nothing";
