class Thing { m() {} }
exports = module.exports = Thing;
