const lazy = () => import("./lazy");
async function f() {
  const { a } = await import(`template`);
  return import(computed);
}
