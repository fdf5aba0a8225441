export default {
  name: "component",
  data() { return {}; },
};
