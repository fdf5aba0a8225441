function Animal(name) {}
Animal.prototype.speak = function (loudly) {};
Animal.prototype.run = () => {};
Animal.prototype.legs = 4;
Unknown.prototype.method = function () {};
module.exports = Animal;
