//! The browser: a tree of names, of which only the rows in sight are ever drawn.

use super::line::Line;
use super::search::{self, Found, Matching};
use crate::schema::{ConstraintKind, ObjectKind, ObjectRef, OutlineEntry, QName, Schema, Table};
use std::collections::{BTreeMap, HashSet};

/// A part of a table that its names are listed under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Columns,
    Constraints,
    Indexes,
    ForeignKeys,
    ReferencedBy,
    Triggers,
}

impl Part {
    pub const ALL: [Self; 6] =
        [Self::Columns, Self::Constraints, Self::Indexes, Self::ForeignKeys, Self::ReferencedBy, Self::Triggers];

    pub fn word(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Constraints => "constraints",
            Self::Indexes => "indexes",
            Self::ForeignKeys => "foreign keys",
            Self::ReferencedBy => "referenced by",
            Self::Triggers => "triggers",
        }
    }
}

/// A place in the tree. Objects are known by their number in the outline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    Schema(String),
    Kind(String, ObjectKind),
    Object(usize),
    Part(usize, Part),
    Leaf(usize, Part, usize),
}

/// One line of the tree, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub node: Node,
    pub depth: u16,
    /// Things beneath it; `None` for a leaf.
    pub children: Option<usize>,
}

/// The pane's state.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    pub outline: Vec<OutlineEntry>,
    groups: BTreeMap<String, BTreeMap<ObjectKind, Vec<usize>>>,
    expanded: HashSet<Node>,
    pub rows: Vec<Row>,
    pub selected: usize,
    /// A reload is under way; what is shown is from before.
    pub reloading: bool,
    pub search: Option<Search>,
}

/// The fuzzy search over all names.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub input: Line,
    pub found: Vec<Found>,
    matching: Matching,
    pub selected: usize,
}

impl Browser {
    /// Takes in a new list of names; what was open stays open and what was selected stays selected.
    pub fn load(&mut self, outline: Vec<OutlineEntry>, schema: Option<&Schema>) {
        let first = self.outline.is_empty();
        let keep = self.selected_object().map(|o| (o.kind, o.name.clone()));
        let opened: HashSet<(ObjectKind, QName)> = self
            .expanded
            .iter()
            .filter_map(|node| match node {
                Node::Object(at) => self.outline.get(*at).map(|e| (e.kind, e.name.clone())),
                _ => None,
            })
            .collect();
        self.groups.clear();
        for (at, entry) in outline.iter().enumerate() {
            if entry.kind == ObjectKind::Schema {
                // A row of its own even with nothing in it.
                self.groups.entry(entry.name.name.clone()).or_default();
                continue;
            }
            let kinds = self.groups.entry(entry.name.schema.clone()).or_default();
            kinds.entry(entry.kind).or_default().push(at);
        }
        for objects in self.groups.values_mut().flat_map(BTreeMap::values_mut) {
            objects.sort_by_key(|at| outline.get(*at).map(|entry| &entry.name));
        }
        self.expanded.retain(|node| matches!(node, Node::Schema(_) | Node::Kind(..)));
        for (at, entry) in outline.iter().enumerate() {
            if opened.contains(&(entry.kind, entry.name.clone())) {
                self.expanded.insert(Node::Object(at));
            }
        }
        self.outline = outline;
        if let Some(search) = &mut self.search {
            search.matching = Matching::default();
        }
        if first {
            self.open_the_usual();
        }
        self.lay_out(schema);
        if let Some((kind, name)) = keep {
            let at = self.outline.iter().position(|e| e.kind == kind && e.name == name);
            let row = at.and_then(|at| self.rows.iter().position(|r| r.node == Node::Object(at)));
            self.selected = row.unwrap_or(self.selected);
        }
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        self.reloading = false;
    }

    /// Opens the schema and kind that a person most likely came for.
    fn open_the_usual(&mut self) {
        let has_tables = |s: &str| self.groups.get(s).is_some_and(|kinds| kinds.contains_key(&ObjectKind::Table));
        let usual = ["public", "main"].into_iter().find(|s| has_tables(s)).map(str::to_owned);
        let first = || self.groups.keys().find(|s| has_tables(s)).or_else(|| self.groups.keys().next()).cloned();
        let Some(schema) = usual.or_else(first) else { return };
        self.expanded.insert(Node::Kind(schema.clone(), ObjectKind::Table));
        self.expanded.insert(Node::Schema(schema));
    }

    /// Makes the rows anew, after the names, the schema or what is open changed.
    pub fn lay_out(&mut self, schema: Option<&Schema>) {
        let mut rows = Vec::new();
        for (name, kinds) in &self.groups {
            let node = Node::Schema(name.clone());
            let open = self.expanded.contains(&node);
            rows.push(Row { node, depth: 0, children: Some(kinds.values().map(Vec::len).sum()) });
            if !open {
                continue;
            }
            for (kind, objects) in kinds {
                let node = Node::Kind(name.clone(), *kind);
                let open = self.expanded.contains(&node);
                rows.push(Row { node, depth: 1, children: Some(objects.len()) });
                if open {
                    for at in objects {
                        self.lay_out_object(*at, schema, &mut rows);
                    }
                }
            }
        }
        self.rows = rows;
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
    }

    fn lay_out_object(&self, at: usize, schema: Option<&Schema>, rows: &mut Vec<Row>) {
        let Some(entry) = self.outline.get(at) else { return };
        let is_table = entry.kind == ObjectKind::Table;
        rows.push(Row { node: Node::Object(at), depth: 2, children: is_table.then_some(1) });
        let table = schema.and_then(|s| s.tables.get(&entry.name));
        let (Some(table), Some(schema), true) = (table, schema, self.expanded.contains(&Node::Object(at))) else {
            return;
        };
        for part in Part::ALL {
            let leaves = leaves(table, part, schema).len();
            if leaves == 0 {
                continue;
            }
            let node = Node::Part(at, part);
            let open = self.expanded.contains(&node);
            rows.push(Row { node, depth: 3, children: Some(leaves) });
            if open {
                rows.extend((0..leaves).map(|i| Row { node: Node::Leaf(at, part, i), depth: 4, children: None }));
            }
        }
    }

    pub fn is_open(&self, node: &Node) -> bool {
        self.expanded.contains(node)
    }

    pub fn row(&self) -> Option<&Row> {
        self.rows.get(self.selected)
    }

    /// The object that the selected row is or belongs to.
    pub fn selected_object(&self) -> Option<&OutlineEntry> {
        match &self.row()?.node {
            Node::Object(at) | Node::Part(at, _) | Node::Leaf(at, ..) => self.outline.get(*at),
            _ => None,
        }
    }

    /// Opens the selected row, with a table its columns too.
    pub fn open(&mut self, schema: Option<&Schema>) {
        let Some(node) = self.row().filter(|row| row.children.is_some()).map(|row| row.node.clone()) else { return };
        if let Node::Object(at) = node {
            self.expanded.insert(Node::Part(at, Part::Columns));
        }
        self.expanded.insert(node);
        self.lay_out(schema);
    }

    /// Closes the selected row, or goes to the one above it in the tree.
    pub fn close(&mut self, schema: Option<&Schema>) {
        let Some(row) = self.row().cloned() else { return };
        if self.expanded.remove(&row.node) {
            self.lay_out(schema);
            return;
        }
        let parent = self.rows.iter().take(self.selected).rposition(|r| r.depth < row.depth);
        self.selected = parent.unwrap_or(self.selected);
    }

    /// Shows an object in the tree and selects it.
    pub fn reveal(&mut self, at: usize, schema: Option<&Schema>) {
        let Some(entry) = self.outline.get(at) else { return };
        self.expanded.insert(Node::Schema(entry.name.schema.clone()));
        self.expanded.insert(Node::Kind(entry.name.schema.clone(), entry.kind));
        self.lay_out(schema);
        self.selected = self.rows.iter().position(|r| r.node == Node::Object(at)).unwrap_or(self.selected);
    }

    /// Looks for the names that the search's text means.
    pub fn find(&mut self, schema: Option<&Schema>) {
        if let Some(search) = &mut self.search {
            search.found = search::find(search.input.text(), &self.outline, schema, &mut search.matching);
            search.selected = 0;
        }
    }
}

/// What a schema's object of the outline is called elsewhere.
pub fn object_ref(entry: &OutlineEntry) -> ObjectRef {
    ObjectRef::new(entry.kind, entry.name.clone())
}

/// The names beneath a part of a table, each with what is to be said beside it.
pub fn leaves(table: &Table, part: Part, schema: &Schema) -> Vec<(String, String)> {
    let foreign = |kind: &ConstraintKind| matches!(kind, ConstraintKind::ForeignKey(_));
    match part {
        Part::Columns => table
            .columns
            .iter()
            .map(|c| {
                let key = if table.primary_key().contains(&c.name) { " key" } else { "" };
                let null = if c.nullable { "" } else { " not null" };
                (c.name.clone(), format!("{}{null}{key}", c.data_type))
            })
            .collect(),
        Part::Constraints => {
            let own = table.constraints.values().filter(|c| !foreign(&c.kind));
            own.map(|c| (c.name.clone(), constraint_word(&c.kind).to_owned())).collect()
        }
        Part::ForeignKeys => table
            .constraints
            .values()
            .filter_map(|c| match &c.kind {
                ConstraintKind::ForeignKey(fk) => Some((c.name.clone(), format!("to {}", fk.references.short()))),
                _ => None,
            })
            .collect(),
        Part::ReferencedBy => {
            schema.references_to(&table.name).map(|(t, c)| (t.name.short(), c.name.clone())).collect()
        }
        Part::Indexes => {
            table.indexes.values().map(|i| (i.name.clone(), if i.unique { "unique" } else { "" }.to_owned())).collect()
        }
        Part::Triggers => table.triggers.values().map(|t| (t.name.clone(), String::new())).collect(),
    }
}

fn constraint_word(kind: &ConstraintKind) -> &'static str {
    match kind {
        ConstraintKind::PrimaryKey { .. } => "primary key",
        ConstraintKind::Unique { .. } => "unique",
        ConstraintKind::ForeignKey(_) => "foreign key",
        ConstraintKind::Check { .. } => "check",
        ConstraintKind::NotNull { .. } => "not null",
        ConstraintKind::Other { .. } => "other",
    }
}
