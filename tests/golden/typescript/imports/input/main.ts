import def from "./default";
import { a, b as c, default as d } from "named";
import * as ns from "../namespace";
import both, { e } from "both";
import all, * as rest from "all";
import "side-effect";
import {} from "nothing";
import { "string name" as f } from "quoted";
