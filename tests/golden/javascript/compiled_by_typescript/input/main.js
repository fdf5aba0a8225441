"use strict";
Object.defineProperty(exports, "__esModule", { value: true });
exports.b = exports.a = void 0;
const m_1 = __importDefault(require("m"));
__exportStar(require("n"), exports);
function a() {}
exports.a = a;
exports.b = m_1.default.b;
