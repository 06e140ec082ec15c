-- A shop with six years of trade: 17 tables, two views, three triggers, some 640,000 rows, the same every time.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;

CREATE TABLE countries (
    code TEXT PRIMARY KEY CHECK (length(code) = 2),
    name TEXT NOT NULL UNIQUE,
    currency TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE stores (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    country TEXT NOT NULL REFERENCES countries (code),
    opened_on TEXT NOT NULL
);

CREATE TABLE employees (
    id INTEGER PRIMARY KEY,
    store_id INTEGER NOT NULL REFERENCES stores (id),
    manager_id INTEGER REFERENCES employees (id),
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    salary NUMERIC NOT NULL CHECK (salary > 0)
);

CREATE TABLE customers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    phone TEXT,
    country TEXT NOT NULL REFERENCES countries (code),
    birth_date TEXT,
    created_at TEXT NOT NULL
);

CREATE TABLE addresses (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    street TEXT NOT NULL,
    city TEXT NOT NULL,
    postcode TEXT NOT NULL,
    is_default INTEGER NOT NULL DEFAULT 0 CHECK (is_default IN (0, 1))
);

CREATE TABLE categories (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES categories (id),
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE suppliers (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    country TEXT NOT NULL REFERENCES countries (code)
);

CREATE TABLE products (
    id INTEGER PRIMARY KEY,
    category_id INTEGER NOT NULL REFERENCES categories (id),
    supplier_id INTEGER NOT NULL REFERENCES suppliers (id),
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    price NUMERIC NOT NULL CHECK (price >= 0),
    active INTEGER NOT NULL DEFAULT 1
);

CREATE TABLE warehouses (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    country TEXT NOT NULL REFERENCES countries (code)
);

CREATE TABLE inventory (
    warehouse_id INTEGER NOT NULL REFERENCES warehouses (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL CHECK (quantity >= 0),
    updated_at TEXT NOT NULL,
    PRIMARY KEY (warehouse_id, product_id)
) WITHOUT ROWID;

CREATE TABLE orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    status TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid', 'shipped', 'delivered', 'returned')),
    ordered_at TEXT NOT NULL,
    total NUMERIC NOT NULL DEFAULT 0
);

CREATE TABLE order_items (
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    price NUMERIC NOT NULL,
    PRIMARY KEY (order_id, line)
);

CREATE TABLE payments (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    method TEXT NOT NULL CHECK (method IN ('card', 'transfer', 'voucher')),
    amount NUMERIC NOT NULL,
    paid_at TEXT NOT NULL
);

CREATE TABLE shipments (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES orders (id),
    warehouse_id INTEGER NOT NULL REFERENCES warehouses (id),
    shipped_at TEXT NOT NULL,
    tracking TEXT UNIQUE
);

CREATE TABLE sales (
    id INTEGER PRIMARY KEY,
    store_id INTEGER NOT NULL REFERENCES stores (id),
    product_id INTEGER NOT NULL REFERENCES products (id),
    sold_at TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    amount NUMERIC NOT NULL
);

CREATE TABLE reviews (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES products (id),
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    stars INTEGER NOT NULL CHECK (stars BETWEEN 1 AND 5),
    body TEXT
);

CREATE TABLE stock_movements (
    id INTEGER PRIMARY KEY,
    warehouse_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    delta INTEGER NOT NULL,
    moved_at TEXT NOT NULL,
    FOREIGN KEY (warehouse_id, product_id) REFERENCES inventory (warehouse_id, product_id)
);

INSERT INTO countries VALUES ('DE', 'Germany', 'EUR'), ('FR', 'France', 'EUR'), ('IT', 'Italy', 'EUR'),
    ('US', 'United States', 'USD'), ('GB', 'United Kingdom', 'GBP'), ('JP', 'Japan', 'JPY');
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 12)
INSERT INTO stores SELECT i, 'Store ' || i, substr('DEFRITUSGBJP', 1 + (i % 6) * 2, 2), date('2015-01-01', '+' || (i * 37) || ' days') FROM g;
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 240)
INSERT INTO employees SELECT i, 1 + i % 12, CASE WHEN i > 12 THEN 1 + i % 12 END, 'Employee ' || i, 'employee' || i || '@shop.example', 30000 + i * 7919 % 40000 FROM g;
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 50000)
INSERT INTO customers SELECT i, 'Customer ' || i, 'customer' || i || '@mail.example', CASE WHEN i % 3 THEN '+49 30 ' || (100000 + i) END,
    substr('DEFRITUSGBJP', 1 + (i * 7 % 6) * 2, 2), date('1950-01-01', '+' || (i * 7919 % 20000) || ' days'),
    datetime('2019-01-01', '+' || (i * 60) || ' minutes') FROM g;
INSERT INTO addresses (customer_id, street, city, postcode, is_default)
    SELECT id, 'Street ' || (id % 997), 'City ' || (id % 311), printf('%05d', id * 31 % 99999), 1 FROM customers;
INSERT INTO categories VALUES (1, NULL, 'Everything');
WITH RECURSIVE g(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM g WHERE i < 40)
INSERT INTO categories SELECT i, 1 + i / 8, 'Category ' || i FROM g;
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 60)
INSERT INTO suppliers SELECT i, 'Supplier ' || i, substr('DEFRITUSGBJP', 1 + (i % 6) * 2, 2) FROM g;
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 4000)
INSERT INTO products SELECT i, 1 + i % 40, 1 + i % 60, printf('SKU-%06d', i), 'Product ' || i, 1 + i * 7919 % 50000 / 100.0, i % 17 > 0 FROM g;
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 5)
INSERT INTO warehouses SELECT i, 'Warehouse ' || i, substr('DEFRITUSGB', 1 + (i % 5) * 2, 2) FROM g;
INSERT INTO inventory SELECT w.id, p.id, 100 + p.id * w.id % 900, '2024-12-31 00:00:00' FROM warehouses w, products p;
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 80000)
INSERT INTO orders SELECT i, 1 + i * 7919 % 50000, CASE i % 10 WHEN 0 THEN 'new' WHEN 1 THEN 'paid' WHEN 2 THEN 'shipped' WHEN 3 THEN 'returned' ELSE 'delivered' END,
    datetime('2019-01-02', '+' || (i * 39) || ' minutes'), 0 FROM g;
WITH RECURSIVE l(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM l WHERE n < 2)
INSERT INTO order_items SELECT o.id, l.n, 1 + (o.id * 31 + l.n * 977) % 4000, 1 + o.id % 3, 5 + (o.id * l.n) % 9500 / 100.0 FROM orders o, l;
UPDATE orders SET total = 10 + id * 7919 % 20000 / 100.0;
INSERT INTO payments (order_id, method, amount, paid_at)
    SELECT id, CASE id % 5 WHEN 0 THEN 'transfer' WHEN 1 THEN 'voucher' ELSE 'card' END, total, datetime(ordered_at, '+1 hour') FROM orders WHERE status <> 'new';
INSERT INTO shipments (order_id, warehouse_id, shipped_at, tracking)
    SELECT id, 1 + id % 5, datetime(ordered_at, '+1 day'), 'TR' || (1000000 + id) FROM orders WHERE status IN ('shipped', 'delivered', 'returned');
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 120000)
INSERT INTO sales SELECT i, 1 + i % 12, 1 + i * 7919 % 4000, datetime('2019-01-02', '+' || (i * 26) || ' minutes'), 1 + i % 4, 3 + i * 104729 % 30000 / 100.0 FROM g;
WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 20000)
INSERT INTO reviews SELECT i, 1 + i * 7 % 4000, 1 + i * 13 % 50000, 1 + i * 7919 % 5, CASE WHEN i % 4 = 0 THEN 'Review number ' || i END FROM g;

CREATE INDEX customers_country ON customers (country);
CREATE INDEX addresses_customer ON addresses (customer_id);
CREATE INDEX products_category ON products (category_id);
CREATE INDEX orders_customer ON orders (customer_id, ordered_at DESC);
CREATE INDEX orders_open ON orders (ordered_at) WHERE status IN ('new', 'paid');
CREATE INDEX order_items_product ON order_items (product_id);
CREATE INDEX payments_order ON payments (order_id);
CREATE INDEX shipments_order ON shipments (order_id);
CREATE INDEX sales_sold_at ON sales (sold_at);
CREATE INDEX sales_product ON sales (product_id);

CREATE VIEW open_orders AS
    SELECT o.id, o.ordered_at, o.total, c.name AS customer, c.email
    FROM orders o JOIN customers c ON c.id = o.customer_id
    WHERE o.status IN ('new', 'paid');
CREATE VIEW sales_by_month AS
    SELECT strftime('%Y-%m', sold_at) AS month, store_id, sum(amount) AS amount, count(*) AS sales
    FROM sales GROUP BY 1, 2;

CREATE TRIGGER inventory_touched AFTER UPDATE OF quantity ON inventory BEGIN
    UPDATE inventory SET updated_at = datetime('now') WHERE warehouse_id = new.warehouse_id AND product_id = new.product_id;
END;
CREATE TRIGGER order_items_no_inactive BEFORE INSERT ON order_items
WHEN (SELECT active FROM products WHERE id = new.product_id) = 0 BEGIN
    SELECT raise(ABORT, 'this product is not sold any more');
END;
CREATE TRIGGER orders_not_backwards BEFORE UPDATE OF status ON orders
WHEN old.status = 'delivered' AND new.status = 'new' BEGIN
    SELECT raise(ABORT, 'a delivered order cannot become new');
END;
ANALYZE;
