module.exports = function (options) {
  function helper() {}
};
