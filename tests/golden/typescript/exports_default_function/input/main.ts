export default function () {
  function inside() {}
}
