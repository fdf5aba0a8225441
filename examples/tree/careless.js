if (a == 1 && b === 2 && c == null)
    f(a != c);
