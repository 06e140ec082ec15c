//! A small application that reads and writes the sample shop, so that the gauges have something to show.

use crate::Result;
use crate::engine::{Database, Session, SessionRole, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Reading clients.
const READERS: u64 = 3;
/// A client's pause between two requests.
const THINK: Duration = Duration::from_millis(25);

/// The running load; it ends when this is dropped.
#[derive(Debug)]
pub struct Load {
    _clients: JoinSet<()>,
}

impl Load {
    /// Starts the clients.
    ///
    /// # Errors
    /// When their connections cannot be made.
    pub async fn start(database: &Arc<dyn Database>) -> Result<Self> {
        let mut clients = JoinSet::new();
        for number in 0..READERS {
            let session = database.session(SessionRole::Load).await?;
            clients.spawn(read(session, fastrand::Rng::with_seed(number)));
        }
        let session = database.session(SessionRole::Load).await?;
        clients.spawn(write(session, fastrand::Rng::with_seed(READERS)));
        Ok(Self { _clients: clients })
    }
}

/// One request after another. What fails (a column that was just renamed, a lock that timed out) fails for the
/// application too; it goes on with the next request.
async fn request(session: &mut Box<dyn Session>, sql: &str, parameters: &[Value]) {
    if let Err(why) = session.query(sql, parameters).await {
        tracing::debug!(why = %why.message, "a request of the sample application failed");
    }
    tokio::time::sleep(THINK).await;
}

async fn read(mut session: Box<dyn Session>, mut rng: fastrand::Rng) {
    loop {
        let order = Value::Int(rng.i64(1..=80_000));
        let sql = "SELECT o.id, o.total, c.name FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = $1";
        request(&mut session, sql, std::slice::from_ref(&order)).await;
        let sql = "SELECT i.line, p.name, i.quantity FROM order_items i JOIN products p ON p.id = i.product_id \
                   WHERE i.order_id = $1";
        request(&mut session, sql, &[order]).await;
        let sale = Value::Int(rng.i64(1..=120_000));
        request(&mut session, "SELECT amount, quantity FROM sales WHERE id = $1", &[sale]).await;
    }
}

async fn write(mut session: Box<dyn Session>, mut rng: fastrand::Rng) {
    loop {
        let warehouse = Value::Int(rng.i64(1..=5));
        let product = Value::Int(rng.i64(1..=4_000));
        let sql = "UPDATE inventory SET quantity = quantity + 1 WHERE warehouse_id = $1 AND product_id = $2";
        request(&mut session, sql, &[warehouse, product.clone()]).await;
        let sale = Value::Int(rng.i64(1..=120_000));
        request(&mut session, "UPDATE sales SET quantity = quantity WHERE id = $1", &[sale]).await;
        let customer = Value::Int(rng.i64(1..=50_000));
        request(&mut session, "UPDATE customers SET phone = phone WHERE id = $1", &[customer]).await;
    }
}
