-- Builds a small shop in memory, changes it, and asks it questions: page-sized blocks, records, sorting.
PRAGMA cache_size = 200;
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER, day INTEGER, amount REAL, note TEXT);
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO customers SELECT i, printf('customer %d of %s', i, hex(i * 7919)), 'city ' || (i * 31 % 97) FROM n;
WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
INSERT INTO orders SELECT i, i * 7919 % 2000 + 1, i % 365, i * 37 % 1000 / 10.0, substr(hex(zeroblob(200)), 1, i * 13 % 400) FROM n;
CREATE INDEX order_customer ON orders (customer, day);
SELECT city, count(*), sum(amount), group_concat(DISTINCT day) FROM orders JOIN customers ON customer = customers.id GROUP BY city ORDER BY 3;
UPDATE orders SET note = note || upper(note) WHERE day % 7 = 3;
DELETE FROM orders WHERE amount < 20;
SELECT name, (SELECT max(amount) FROM orders WHERE customer = customers.id) AS best FROM customers ORDER BY best DESC, name;
SELECT json_group_array(json_object('day', day, 'sum', total)) FROM (SELECT day, sum(amount) AS total FROM orders GROUP BY day);
SELECT count(*) FROM orders a JOIN orders b ON a.day = b.day AND a.amount = b.amount WHERE a.note LIKE '%00%';
VACUUM;
