for index, (key, value) in enumerate(items):
    inside = 1
else:
    otherwise = 2

with open("f") as handle, lock() as (left, right):
    body = 3

while (chunk := read()):
    pass

try:
    tried = 4
except ValueError as gone_after_the_clause:
    caught = 5
finally:
    final = 6

if condition:
    chosen = 7
elif other:
    chosen = 8
print([item for item in items if (kept := item)])
