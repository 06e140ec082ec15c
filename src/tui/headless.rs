//! The workbench without a terminal, a database or tasks: what it does between a key press and the frame for it.

use super::message::{Connected, FromDatabase, Message};
use super::state::{Link, Look, State};
use super::symbols;
use super::theme::{self, Depth};
use super::update::update;
use super::view;
use crate::engine::{self, ServerInfo};
use crate::schema::{ObjectKind, OutlineEntry, Schema};
use crate::{Error, Result};
use crossterm::event::KeyEvent;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use std::sync::Arc;
use std::time::Instant;

/// A workbench that draws into memory and starts nothing, to be measured.
#[derive(Debug)]
pub struct Headless {
    state: State,
    screen: Terminal<TestBackend>,
}

impl Headless {
    /// Makes the state and draws the first frame, on a screen of `columns` × `rows`.
    ///
    /// # Errors
    /// When the theme cannot be read.
    pub fn start(columns: u16, rows: u16) -> Result<Self> {
        let depth = Depth::True;
        let look = Look { theme: theme::load("dark", depth)?, depth, symbols: symbols::UNICODE };
        let mut state = State::new(look, Instant::now());
        state.size = (columns, rows);
        state.link = Link::Connecting;
        let screen = Terminal::new(TestBackend::new(columns, rows)).map_err(|why| Error::internal(why.to_string()))?;
        let mut headless = Self { state, screen };
        headless.draw()?;
        Ok(headless)
    }

    /// Takes `schema` for what the database has: names first, then everything, a frame for each.
    ///
    /// # Errors
    /// When there is no dialect for its engine.
    pub fn show(&mut self, schema: Arc<Schema>) -> Result<()> {
        let info = ServerInfo {
            engine: schema.engine,
            version: schema.server_version.clone(),
            version_number: 0,
            database: "shop".into(),
            host: "db".into(),
            user: None,
            shown: "db/shop".into(),
            read_only: false,
            standby: false,
            production: false,
            warnings: Vec::new(),
        };
        let connected = Connected { info, dialect: engine::dialect(schema.engine)? };
        let names = outline(&schema);
        for told in
            [FromDatabase::Connected(Ok(connected)), FromDatabase::Outline(Ok(names)), FromDatabase::Schema(Ok(schema))]
        {
            self.take_in(Message::Database(0, told))?;
        }
        Ok(())
    }

    /// A key press and the frame for it.
    ///
    /// # Errors
    /// When the screen cannot be drawn.
    pub fn press(&mut self, key: impl Into<KeyEvent>) -> Result<()> {
        self.take_in(Message::Key(key.into()))
    }

    /// What the screen shows, line by line.
    pub fn text(&self) -> String {
        self.screen.backend().to_string()
    }

    fn take_in(&mut self, message: Message) -> Result<()> {
        // What it asks for would be done elsewhere.
        let _ = update(&mut self.state, message, Instant::now());
        self.draw()
    }

    fn draw(&mut self) -> Result<()> {
        let drawn = self.screen.draw(|frame| view::draw(&self.state, frame));
        drawn.map(|_| ()).map_err(|why| Error::internal(why.to_string()))
    }
}

/// The names that a database would list: tables and their indexes.
fn outline(schema: &Schema) -> Vec<OutlineEntry> {
    let mut out = Vec::new();
    for table in schema.tables.values() {
        let entry = |kind, name| OutlineEntry { kind, name, rows: table.stats.rows, bytes: table.stats.bytes };
        out.push(entry(ObjectKind::Table, table.name.clone()));
        out.extend(table.indexes.keys().map(|index| entry(ObjectKind::Index, table.name.sibling(index))));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyCode;

    #[test]
    fn it_shows_what_the_workbench_shows() {
        let mut workbench = Headless::start(120, 40).unwrap();
        workbench.show(Arc::new(crate::tui::fixture::schema())).unwrap();
        assert!(workbench.text().contains("customers"));
        workbench.press(KeyCode::Char('?')).unwrap();
        assert!(workbench.text().contains("Everywhere"), "{}", workbench.text());
    }
}
