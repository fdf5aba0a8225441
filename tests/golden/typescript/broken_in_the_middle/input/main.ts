import { before } from "m";

function good() {}

class Broken {
  method( {
}

export function after() {}
