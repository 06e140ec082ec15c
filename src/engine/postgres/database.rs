//! A PostgreSQL database that we are connected to.

use super::cancel;
use super::connect::{Line, Route, observer_settings};
use super::dialect::PostgresDialect;
use super::session::PostgresSession;
use super::shadow::PostgresShadow;
use super::{catalog, gate, manners, outline, sampler, scratch, script, server, statements, table_use, usual};
use crate::Result;
use crate::engine::{
    ConnectOptions, Database, Dialect, Gate, Made, Sampler, ServerInfo, Session, SessionRole, Shadow, Statements,
    TableUse, Target,
};
use crate::plan::Step;
use crate::risk::Pace;
use crate::schema::{OutlineEntry, QName, Schema};
use crate::sql::SqlFile;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct PostgresDatabase {
    info: ServerInfo,
    route: Route,
    /// The time zone of a step's session, where it can be told.
    zone: Option<String>,
    /// How fast the server works, where that was measured.
    pace: Option<Pace>,
    /// Reads catalogs, which may take seconds.
    catalog: Line,
    /// Asks rows, briefly and without waiting for locks.
    probes: Line,
    /// Answers at once: cancels, and the go/no-go.
    control: Arc<Line>,
}

/// Connects, and asks what is there.
pub(super) async fn connect(target: &Target, options: &ConnectOptions) -> Result<PostgresDatabase> {
    let route = Route::new(target, options)?;
    let mut first = route.open("lockstep-control", &[]).await?;
    let info = server::info(&mut first, &route, target).await?;
    let zone = usual::time_zone(&mut first).await?;
    drop(first);
    let version = info.version_number;
    let catalog = Line::new(route.clone(), "lockstep-catalog", observer_settings(version, "5s", "5min"));
    let probes = Line::new(route.clone(), "lockstep-probe", observer_settings(version, "1ms", "2s"));
    let control = Line::new(route.clone(), "lockstep-control", observer_settings(version, "100ms", "5s"));
    Ok(PostgresDatabase { info, route, zone, pace: options.pace, catalog, probes, control: Arc::new(control) })
}

#[async_trait]
impl Database for PostgresDatabase {
    fn info(&self) -> &ServerInfo {
        &self.info
    }

    fn dialect(&self) -> Arc<dyn Dialect> {
        let dialect = PostgresDialect::of_server(self.info.version_number, self.zone.as_deref());
        Arc::new(PostgresDialect { pace: self.pace, ..dialect })
    }

    async fn outline(&self) -> Result<Vec<OutlineEntry>> {
        let mut line = self.catalog.lease().await?;
        let entries = outline::outline(line.connection()).await;
        line.done();
        entries
    }

    async fn inspect(&self) -> Result<Schema> {
        let mut line = self.catalog.lease().await?;
        let schema = catalog::inspect(line.connection(), &self.info).await;
        line.done();
        schema
    }

    async fn session(&self, role: SessionRole) -> Result<Box<dyn Session>> {
        let control = Arc::clone(&self.control);
        Ok(Box::new(PostgresSession::open(&self.route, role, self.info.version_number, control).await?))
    }

    async fn sampler(&self) -> Result<Box<dyn Sampler>> {
        Ok(Box::new(sampler::PostgresSampler::open(&self.route, self.info.version_number).await?))
    }

    async fn gate(&self, step: &Step) -> Result<Gate> {
        let mut line = self.control.lease().await?;
        let gate = gate::gate(line.connection(), step, &self.info).await;
        line.done();
        gate
    }

    async fn schema_of(&self, files: &[SqlFile]) -> Result<Made> {
        scratch::schema_of(&self.route, &self.info, files).await
    }

    async fn statements(&self, at_most: usize) -> Result<Statements> {
        let mut line = self.catalog.lease().await?;
        let found = statements::counted(line.connection(), at_most).await;
        line.done();
        found
    }

    async fn manners(&self) -> Result<Vec<String>> {
        manners::of(&self.route, self.info.version_number).await
    }

    async fn shadow(&self, schema: &Schema, manners: &[String]) -> Result<Box<dyn Shadow>> {
        let files = [SqlFile::new("the schema", script::script(schema))];
        let standing = scratch::standing(&self.route, &self.info, &files).await?;
        Ok(Box::new(PostgresShadow::open(standing, manners).await?))
    }

    async fn count(&self, sql: &str, within: Duration) -> Result<Option<u64>> {
        let mut line = self.probes.lease().await?;
        let counted = table_use::count(line.connection(), sql, within).await;
        line.done();
        counted.map(Some)
    }

    async fn table_use(&self) -> Result<Vec<(QName, TableUse)>> {
        let mut line = self.catalog.lease().await?;
        let figures = table_use::read(line.connection()).await;
        line.done();
        figures
    }

    async fn signal(&self, backend: i64, terminate: bool) -> Result<()> {
        cancel::signal(&self.control, backend, terminate).await
    }
}
