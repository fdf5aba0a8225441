var a = 'ÿ';
function Ã©() {} // €
var b;
