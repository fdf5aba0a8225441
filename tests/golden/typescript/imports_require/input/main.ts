import fs = require("fs");
import type types = require("types");
import Alias = Namespace.Member;
const a = require("a"), { b } = require("b");
