//! What a statement does to personal data.

use super::lexicon::{Lexicon, Personal, is_audit_column};
use super::settings::{Category, Set, Settings};
use crate::plan::{Risk, Severity};
use crate::risk::rules::{self, Case, risk};
use crate::schema::{
    Action, Change, Column, ConstraintKind, Grantee, IndexTarget, ObjectKind, ObjectRef, QName, Table,
};

/// Adds what the privacy rules find in a statement.
pub(in crate::risk) fn find(case: &Case<'_>, lexicon: &Lexicon, out: &mut Vec<Risk>) {
    let settings = &case.settings.privacy;
    if settings.sets.is_empty() {
        return;
    }
    let mut found = Found { case, lexicon, settings, out };
    for change in &case.statement.reading.changes {
        found.of_change(change);
    }
    found.of_statement();
}

struct Found<'a, 'b> {
    case: &'a Case<'a>,
    lexicon: &'a Lexicon,
    settings: &'a Settings,
    out: &'b mut Vec<Risk>,
}

impl Found<'_, '_> {
    /// A finding, with the articles and sections that it rests on; none when they are of no law that counts here.
    fn tell(&mut self, rule: &str, severity: Option<Severity>, message: &str) {
        let Some(known) = rules::explain(rule) else { return };
        let counts = |page: &&rules::Page| {
            page.work.starts_with("GDPR") && self.settings.sets.contains(&Set::Gdpr)
                || page.work.starts_with("HIPAA") && self.settings.sets.contains(&Set::Hipaa)
        };
        let cited: Vec<String> = known.pages.iter().filter(counts).map(cite).collect();
        if cited.is_empty() {
            return;
        }
        let made = risk(rule, format!("{message} ({})", cited.join(", ")));
        let severity = severity.unwrap_or(made.severity);
        self.out.push(Risk { severity, ..made });
    }

    fn of_change(&mut self, change: &Change) {
        match change {
            Change::CreateTable { table } => {
                let personal = self.lexicon.of_table(table);
                self.added(table, &personal);
            }
            Change::AddColumn { table, column } => self.column_added(table, column),
            Change::CreateIndex { table, index } => {
                let on =
                    |name: &String| index.keys.iter().any(|key| matches!(&key.on, IndexTarget::Column(c) if c == name));
                let included = |name: &String| on(name) || index.include.contains(name);
                self.indexed(table, &index.name, included);
            }
            Change::CreateView { view } | Change::ReplaceView { view } => {
                self.shown(&view.name, view.materialized, &view.query);
            }
            Change::DropTable { name } if self.lexicon.is_audit_table(name) => {
                let message = format!("{} records who did what, and is gone", name.short());
                self.tell("audit-trail-removed", None, &message);
            }
            Change::DropColumn { table, column } => self.column_dropped(table, column),
            Change::DropTrigger { table, name } if name.to_lowercase().contains("audit") => {
                let again = self.case.end.tables.get(table).is_some_and(|t| t.triggers.contains_key(name));
                if !again {
                    let message = format!("changes of {} are no longer recorded by {name}", table.short());
                    self.tell("audit-trail-removed", None, &message);
                }
            }
            Change::SetRowSecurity { table, security } if !security.enabled => self.unprotected(table, "row security"),
            _ => {}
        }
    }

    /// What statements do that are no change of the model.
    fn of_statement(&mut self) {
        let statement = self.case.statement;
        match statement.class.as_str() {
            "DROP POLICY" => {
                for table in &statement.reading.relations {
                    self.unprotected(table, "a policy");
                }
            }
            "CREATE PUBLICATION" => self.sent(),
            "CREATE TABLE" | "INSERT" => self.copied(),
            "TRUNCATE" | "DELETE" => {
                let emptied = statement.reading.relations.first().filter(|table| self.lexicon.is_audit_table(table));
                if let Some(table) = emptied {
                    let message = format!("rows of {} are removed, which say who did what", table.short());
                    self.tell("audit-trail-removed", Some(Severity::Medium), &message);
                }
            }
            _ => {}
        }
        if let Some(granted) = &self.case.granted {
            let granted = granted.clone();
            for table in &granted.on {
                self.granted(table, &granted);
            }
        }
    }

    fn column_added(&mut self, table: &QName, column: &Column) {
        let Some(personal) = self.lexicon.of_column(table, column) else { return };
        if let Some(at_end) = self.case.end.tables.get(table) {
            self.added(at_end, std::slice::from_ref(&personal));
        } else {
            let mut alone = Table::new(table.clone());
            alone.columns.push(column.clone());
            self.named(&alone, std::slice::from_ref(&personal));
        }
    }

    /// Columns that are new in a table.
    fn added(&mut self, table: &Table, personal: &[Personal]) {
        if personal.is_empty() || table.partition_of.is_some() {
            return;
        }
        self.named(table, personal);
        // What comes later in the same file counts.
        let at_end = self.case.end.tables.get(&table.name).map_or_else(|| table.clone(), |t| (**t).clone());
        self.kept(&at_end, personal);
        self.health(&at_end, personal);
    }

    /// Which data it is, and whether secrets are readable.
    fn named(&mut self, table: &Table, personal: &[Personal]) {
        let short = table.name.short();
        let of = |special: bool| {
            let fits = |p: &&Personal| {
                p.category != Category::Credentials
                    && p.category != Category::Children
                    && p.category.is_special() == special
            };
            list(personal.iter().filter(fits))
        };
        for (rule, what) in [("personal-data-added", of(false)), ("special-category-added", of(true))] {
            if !what.is_empty() {
                self.tell(rule, None, &format!("{short} gets {what}"));
            }
        }
        let children = list(personal.iter().filter(|p| p.category == Category::Children));
        if !children.is_empty() {
            self.tell("child-data-added", None, &format!("{short} gets {children}"));
        }
        for secret in personal.iter().filter(|p| p.category == Category::Credentials && !p.hidden) {
            let message = format!("{short}.{} looks like a secret that can be read", secret.column);
            self.tell("credentials-in-plain-text", None, &message);
        }
    }

    /// Whether rows have an end, of themselves or with the person that they are about.
    fn kept(&mut self, table: &Table, personal: &[Personal]) {
        let tells = |p: &&Personal| !matches!(p.category, Category::Credentials | Category::NetworkId) && !p.hidden;
        let Some(first) = personal.iter().find(tells) else { return };
        let short = table.name.short();
        if !table.columns.iter().any(|column| self.lexicon.is_retention(&column.name)) {
            let message = format!("{short} has {} and nothing that says when a row has to go", first.category);
            self.tell("personal-data-without-retention", None, &message);
        }
        let keys = table.constraints.values().filter_map(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey(key) => Some(key),
            _ => None,
        });
        let stuck: Vec<String> = keys
            .filter(|key| {
                matches!(key.on_delete, Action::NoAction | Action::Restrict) && self.is_about_people(&key.references)
            })
            .map(|key| key.references.short())
            .collect();
        for person in stuck {
            let message = format!("a row of {person} cannot be erased while {short} points at it");
            self.tell("personal-data-without-erasure-path", None, &message);
        }
    }

    fn is_about_people(&self, table: &QName) -> bool {
        let known = self.case.end.tables.get(table).or_else(|| self.case.context.schema.tables.get(table));
        known.is_some_and(|t| {
            let tells = |p: &Personal| {
                matches!(p.category, Category::Name | Category::Contact | Category::GovernmentId | Category::Children)
            };
            self.lexicon.of_table(t).iter().any(tells)
        })
    }

    fn health(&mut self, table: &Table, personal: &[Personal]) {
        let Some(health) = personal.iter().find(|p| matches!(p.category, Category::Health | Category::Genetic)) else {
            return;
        };
        let short = table.name.short();
        if !table.row_security.enabled {
            let message = format!("every reader of {short} sees every {}", health.column);
            self.tell("health-data-without-row-security", None, &message);
        }
        if !health.hidden {
            let message = format!("{short}.{} can be read by whoever has a copy", health.column);
            self.tell("health-data-not-encrypted", None, &message);
        }
        let audited = table.columns.iter().any(|column| is_audit_column(&column.name))
            || table.triggers.keys().any(|name| name.to_lowercase().contains("audit"));
        if !audited {
            self.tell(
                "health-data-without-audit",
                None,
                &format!("nothing in {short} says who changed a row, or when"),
            );
        }
    }

    fn indexed(&mut self, table: &QName, index: &str, on: impl Fn(&String) -> bool) {
        let Some(known) = self.case.table(table) else { return };
        let personal: Vec<Personal> =
            known.columns.iter().filter(|c| on(&c.name)).filter_map(|c| self.lexicon.of_column(table, c)).collect();
        let Some(first) = personal.iter().find(|p| !p.hidden) else { return };
        // Looking people up by name or address is what many applications are for.
        let usual =
            matches!(first.category, Category::Name | Category::Contact | Category::NetworkId | Category::Credentials);
        let severity = if usual { Severity::Info } else { Severity::Low };
        let message = format!("the index {index} of {} holds {}", table.short(), list(personal.iter()));
        self.tell("personal-data-indexed", Some(severity), &message);
    }

    /// A view over tables with personal columns that its query names.
    fn shown(&mut self, view: &QName, materialized: bool, query: &str) {
        let words = words_of(query);
        let all = query.contains('*');
        let mut shown = Vec::new();
        for table in &self.case.statement.reading.relations {
            let Some(known) = self.case.table(table) else { continue };
            let named = |p: &Personal| all && !query.contains("count(*)") || words.contains(&p.column.to_lowercase());
            shown.extend(self.lexicon.of_table(known).into_iter().filter(named));
        }
        if shown.is_empty() {
            return;
        }
        let how = if materialized { "keeps a copy of" } else { "shows" };
        let message = format!("{} {how} {}", view.short(), list(shown.iter()));
        let special = shown.iter().any(|p| p.category.is_special());
        self.tell("personal-data-in-view", special.then_some(Severity::High), &message);
    }

    fn column_dropped(&mut self, table: &QName, column: &str) {
        let audit = self.lexicon.is_audit_table(table) || is_audit_column(column);
        let holds_people = self.case.table(table).is_some_and(|t| !self.lexicon.of_table(t).is_empty());
        if audit && (holds_people || self.lexicon.is_audit_table(table)) {
            let message = format!("{}.{column} said who did what, or when", table.short());
            self.tell("audit-trail-removed", Some(Severity::Medium), &message);
        }
    }

    fn unprotected(&mut self, table: &QName, what: &str) {
        let Some(known) = self.case.table(table) else { return };
        let personal = self.lexicon.of_table(known);
        if known.row_security.enabled && !personal.is_empty() {
            let message = format!("{what} of {} is taken away, which has {}", table.short(), list(personal.iter()));
            self.tell("protection-removed", None, &message);
        }
    }

    fn sent(&mut self) {
        for table in &self.case.statement.reading.relations {
            let Some(known) = self.case.table(table) else { continue };
            let personal = self.lexicon.of_table(known);
            if !personal.is_empty() {
                let message = format!("{} of {} leave this database", list(personal.iter()), table.short());
                self.tell("personal-data-replicated", None, &message);
            }
        }
    }

    /// `CREATE TABLE … AS SELECT` and `INSERT … SELECT`.
    fn copied(&mut self) {
        let statement = self.case.statement;
        let lower = statement.text.to_lowercase();
        let Some(query) = lower.find("select").and_then(|at| lower.get(at..)) else { return };
        let words = words_of(query);
        let target = statement.reading.writes.first().map(|write| &write.table);
        for table in statement.reading.relations.iter().filter(|table| Some(*table) != target) {
            let Some(known) = self.case.table(table) else { continue };
            if !words.contains(&table.name.to_lowercase()) {
                continue;
            }
            let taken: Vec<Personal> = self
                .lexicon
                .of_table(known)
                .into_iter()
                .filter(|p| query.contains('*') || words.contains(&p.column.to_lowercase()))
                .collect();
            if !taken.is_empty() {
                let message = format!("{} of {} are copied", list(taken.iter()), table.short());
                self.tell("personal-data-copied", None, &message);
            }
        }
    }

    fn granted(&mut self, table: &QName, granted: &crate::risk::Granted) {
        let Some(known) = self.case.table(table) else { return };
        let mut personal = self.lexicon.of_table(known);
        if !granted.columns.is_empty() {
            personal.retain(|p| granted.columns.contains(&p.column));
        }
        if personal.is_empty() {
            return;
        }
        let rights = self.case.context.schema.rights.get(&ObjectRef::new(ObjectKind::Table, table.clone()));
        let has_some = |role: &String| {
            rights.is_some_and(|rights| rights.all().any(|grant| grant.to == Grantee::Role(role.clone())))
        };
        let what = list(personal.iter());
        if granted.to_public {
            let message = format!("every role may use {} with {what}", table.short());
            self.tell("personal-data-granted", None, &message);
        }
        let new: Vec<&String> = granted.to.iter().filter(|role| !has_some(role)).collect();
        for role in new {
            let message = format!("{role} may use {} with {what}", table.short());
            self.tell("personal-data-granted", Some(Severity::Medium), &message);
        }
    }
}

/// `email (a way to reach a person), ssn (a government identifier)`.
fn list<'p>(personal: impl Iterator<Item = &'p Personal>) -> String {
    personal.map(|p| format!("{} ({})", p.column, p.category)).collect::<Vec<_>>().join(", ")
}

fn words_of(query: &str) -> Vec<String> {
    query.to_lowercase().split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_owned).collect()
}

/// `GDPR Art. 17`, `HIPAA 164.312(b)`.
fn cite(page: &rules::Page) -> String {
    let law = page.work.split(' ').next().unwrap_or_default();
    let words = if law == "GDPR" { 2 } else { 1 };
    let place: Vec<&str> = page.title.split(' ').take(words).collect();
    format!("{law} {}", place.join(" "))
}
