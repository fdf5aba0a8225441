class Named { m() {} }
export default Named;
