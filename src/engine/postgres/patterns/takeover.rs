//! A change of type by a second column that is filled in batches and then takes the first one's place.

use super::constraints::{backing_index, using_index, validate};
use super::drops::{self, own_schema};
use super::planner::{Planner, misfit};
use super::renames::{over, twin_indexes, wait};
use super::retype::{cast, create_view, is_unique};
use super::sync::Sync;
use super::tables::{drop_view, rights_of_view, views_on};
use super::{columns, expression, indexes, names, reverse, titles};
use crate::Result;
use crate::engine::postgres::render::column::recast;
use crate::engine::postgres::render::{self as sql, ident, relation, render};
use crate::plan::{Phase, Rollback, Step};
use crate::schema::{
    Change, Column, Constraint, ConstraintKind, Index, ObjectKind, ObjectRef, Options, Other, QName, Schema, Sequence,
    Table,
};

/// A new column that takes an old one's place.
pub(super) struct Takeover {
    pub table: QName,
    pub old: Column,
    pub new: Column,
    /// SQL for the new value, over the table's columns.
    pub value: String,
}

impl Takeover {
    pub(super) fn plan(&self, planner: &mut Planner<'_>, change: &Change) -> Result<()> {
        let sync = self.expand(planner)?;
        let set = [(self.new.name.clone(), self.value.clone())];
        let pending = format!("{} IS NULL AND {} IS NOT NULL", ident(&self.new.name), ident(&self.old.name));
        columns::fill(planner, &self.table, &set, Some(pending), true)?;
        if !self.old.nullable {
            columns::set_not_null(planner, &self.table, &self.new.name, None)?;
        }
        let copies = twin_indexes(planner, &self.table, &self.old.name, &self.new.name);
        for index in &copies {
            let mut build = indexes::concurrently(&self.table, index);
            let name = relation(&self.table.sibling(&index.name));
            build.rollback.sql = vec![format!("DROP INDEX CONCURRENTLY IF EXISTS {name}")];
            planner.push(build)?;
        }
        planner.push(wait(
            format!("Deploy code that can work with {} as {}", self.old.name, self.new.data_type),
            format!("Go on when all running code reads and writes {} of both types.", self.old.name),
        ))?;
        let old_name = self.swap(planner, change, &sync, &copies)?;
        drops::column(planner, &self.table, &old_name)
    }

    fn expand(&self, planner: &mut Planner<'_>) -> Result<Sync> {
        let set = [(self.new.name.clone(), self.value.clone())];
        let sync = Sync::computed(&self.table, &self.new.name, std::slice::from_ref(&self.old.name), &set);
        let add = Change::AddColumn { table: self.table.clone(), column: self.new.clone() };
        let title = format!("Add column {} beside {} on {}", self.new.name, self.old.name, self.table.short());
        let mut step = planner.step_of(title, Phase::Expand, vec![add, sync.created()])?;
        step.sql.insert(0, own_schema());
        step.sql.insert(1, sync.create_function());
        step.rollback.sql.push(sync.drop_function());
        step.note = Some(format!(
            "Changing the type in place would rewrite the table under a lock that keeps everybody out. A trigger keeps \
             {} up to date instead.",
            self.new.name
        ));
        planner.push(step)?;
        Ok(sync)
    }

    /// One short transaction in which the new column takes over name, keys, checks and views. Gives back the name
    /// that the old column has afterwards.
    fn swap(&self, planner: &mut Planner<'_>, change: &Change, sync: &Sync, copies: &[Index]) -> Result<String> {
        let before = planner.now.clone();
        let table = planner.table(&self.table)?.clone();
        let aside = names::free(&self.old.name, "_old", |name| table.column(name).is_some());
        let mut script = Script { schema: before.clone(), sql: Vec::new(), changes: Vec::new(), back: Vec::new() };

        script.make(sync.dropped())?;
        script.text(sync.drop_function(), Some(sync.create_function()));
        let views = views_on(&before, &[ObjectRef::part(ObjectKind::Column, self.table.clone(), &self.old.name)]);
        for view in views.iter().rev() {
            script.make(drop_view(view))?;
        }
        let incoming = self.incoming_keys(&before);
        for (other, key) in &incoming {
            script.make(Change::DropConstraint { table: other.clone(), name: key.name.clone() })?;
        }
        let own = self.own_constraints(&table);
        for constraint in &own {
            script.make(Change::DropConstraint { table: self.table.clone(), name: constraint.name.clone() })?;
        }
        for copy in copies {
            // Dropped before the names change, so that the way back builds it after they have changed back.
            if let Some(original) = self.original_of(&table, copy).filter(|i| !has_only_columns(i)) {
                script.make(Change::DropIndex { table: self.table.clone(), name: original.name.clone() })?;
            }
        }
        let statistics = self.statistics(&before);
        for object in &statistics {
            script.make(Change::DropOther { object: Box::new(object.clone()) })?;
        }
        self.move_columns(&mut script, &before, &aside)?;
        self.move_indexes(&mut script, &table, copies)?;
        let unchecked = self.constraints_again(&mut script, &own, copies, &incoming)?;
        for object in statistics {
            script.make(Change::CreateOther { object: Box::new(object) })?;
        }
        for view in &views {
            script.make(create_view(view))?;
        }
        for change in views.iter().flat_map(|view| rights_of_view(&before, view)) {
            script.make(change)?;
        }
        if let Some(change) = self.rights_again(&before, &aside) {
            script.make(change)?;
        }

        let mut step = Step::ddl(titles::title(change), Phase::Contract, script.sql);
        step.changes = script.changes;
        step.rollback = self.swap_back(&before, script.back, &aside);
        step.note = Some(format!(
            "Names are swapped in one transaction, without reading rows; the old values stay in {aside} until the last \
             step. Foreign keys and checks are declared anew and validated afterwards."
        ));
        planner.push(step)?;
        self.point_at_new(&mut planner.now, &aside);
        for (owner, name) in unchecked {
            validate(planner, &owner, &name)?;
        }
        Ok(aside)
    }

    /// Extended statistics that name the column: they would stay with the old one.
    fn statistics(&self, schema: &Schema) -> Vec<Other> {
        let column = ObjectRef::part(ObjectKind::Column, self.table.clone(), &self.old.name);
        let on_it = |object: &ObjectRef| schema.dependencies.iter().any(|d| d.from == *object && d.on == column);
        let all = schema.others.iter().filter(|o| o.id.kind == ObjectKind::Statistics);
        all.filter(|o| on_it(&o.id)).cloned().collect()
    }

    /// Rights on the old column are given on the new one as well.
    fn rights_again(&self, before: &Schema, aside: &str) -> Option<Change> {
        let on = ObjectRef::new(ObjectKind::Table, self.table.clone());
        let mut rights = before.rights.get(&on)?.clone();
        let grants = rights.columns.get(&self.old.name)?.clone();
        rights.columns.insert(aside.to_owned(), grants);
        Some(Change::SetRights { on, rights: Some(Box::new(rights)) })
    }

    /// What was made anew needs the column that has the name now.
    fn point_at_new(&self, schema: &mut Schema, aside: &str) {
        let old = ObjectRef::part(ObjectKind::Column, self.table.clone(), aside);
        for dependency in schema.dependencies.iter_mut().filter(|d| d.on == old) {
            dependency.on.part = Some(self.old.name.clone());
        }
    }

    fn incoming_keys(&self, schema: &Schema) -> Vec<(QName, Constraint)> {
        let names_it = |c: &Constraint| match &c.kind {
            ConstraintKind::ForeignKey(fk) => fk.referenced_columns.contains(&self.old.name),
            _ => false,
        };
        let found = schema.references_to(&self.table).filter(|(_, c)| names_it(c));
        found.map(|(t, c)| (t.name.clone(), c.clone())).collect()
    }

    fn own_constraints(&self, table: &Table) -> Vec<Constraint> {
        let concerned = |c: &&Constraint| match &c.kind {
            ConstraintKind::Check { expression: text, .. } => expression::mentions(text, &self.old.name),
            // A key of the table to itself is among the incoming ones if it names the column there.
            ConstraintKind::ForeignKey(fk) if fk.references == self.table => {
                fk.columns.contains(&self.old.name) && !fk.referenced_columns.contains(&self.old.name)
            }
            kind => kind.columns().contains(&self.old.name),
        };
        table.constraints.values().filter(concerned).cloned().collect()
    }

    fn move_columns(&self, script: &mut Script, before: &Schema, aside: &str) -> Result<()> {
        let (table, name) = (|| self.table.clone(), || self.old.name.clone());
        if self.old.default.is_some() {
            script.make(Change::SetDefault { table: table(), column: name(), default: None })?;
        }
        if !self.old.nullable {
            script.make(Change::DropNotNull { table: table(), column: name() })?;
        }
        script.make(Change::RenameColumn { table: table(), from: name(), to: aside.to_owned() })?;
        script.make(Change::RenameColumn { table: table(), from: self.new.name.clone(), to: name() })?;
        let owner = (self.table.clone(), self.old.name.clone());
        for sequence in before.sequences.values().filter(|s| s.owned_by.as_ref() == Some(&owner)) {
            let of_old = Sequence { owned_by: Some((self.table.clone(), aside.to_owned())), ..sequence.clone() };
            script.text(sql::object::owned_by(sequence), Some(sql::object::owned_by(&of_old)));
            script.model(Change::AlterSequence { sequence: sequence.clone() })?;
        }
        if let Some(default) = &self.old.default {
            let default = recast(default, &self.new.data_type);
            script.make(Change::SetDefault { table: table(), column: name(), default: Some(default) })?;
        }
        if let Some(comment) = &self.old.comment {
            let object = ObjectRef::part(ObjectKind::Column, table(), name());
            script.make(Change::SetComment { object, comment: Some(comment.clone()) })?;
        }
        let portable = |key: &String| !matches!(key.as_str(), "storage" | "compression");
        let set: Options =
            self.old.options.iter().filter(|(key, _)| portable(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
        if !set.is_empty() {
            script.make(Change::SetColumnOptions { table: table(), column: name(), set, reset: Vec::new() })?;
        }
        Ok(())
    }

    /// The copies take the names of the indexes that they replace.
    fn move_indexes(&self, script: &mut Script, table: &Table, copies: &[Index]) -> Result<()> {
        for copy in copies {
            let Some(original) = self.original_of(table, copy) else { continue };
            let name = original.name.clone();
            if has_only_columns(original) {
                let aside = names::free(&name, "_old", |taken| table.indexes.contains_key(taken));
                for (from, to) in [(name.clone(), aside), (copy.name.clone(), name)] {
                    script.make(Change::RenameIndex { table: self.table.clone(), from, to })?;
                }
            } else {
                let rename = |from: &str, to: &str| sql::index::rename(&self.table, from, to);
                script.text(rename(&copy.name, &name), Some(rename(&name, &copy.name)));
                script.model(Change::DropIndex { table: self.table.clone(), name: copy.name.clone() })?;
                script.model(Change::CreateIndex { table: self.table.clone(), index: original.clone() })?;
            }
        }
        Ok(())
    }

    /// The index that `copy` stands for: the same, over the old column.
    fn original_of<'t>(&self, table: &'t Table, copy: &Index) -> Option<&'t Index> {
        table
            .indexes
            .values()
            .find(|index| index.name != copy.name && Index { name: copy.name.clone(), ..self.over_new(index) } == *copy)
    }

    fn over_new(&self, index: &Index) -> Index {
        over(index, &self.old.name, &self.new.name)
    }

    /// Keys and checks under their old names; those that have rows to check come back for that.
    fn constraints_again(
        &self,
        script: &mut Script,
        own: &[Constraint],
        copies: &[Index],
        incoming: &[(QName, Constraint)],
    ) -> Result<Vec<(QName, String)>> {
        let mut unchecked = Vec::new();
        let (keys, others): (Vec<_>, Vec<_>) = own.iter().partition(|c| is_unique(&c.kind));
        for constraint in keys {
            let wanted = self.over_new(&backing_index(constraint));
            let named = |i: &&Index| i.name.starts_with(&names::with_suffix(&constraint.name, "_new"));
            let same = |i: &&Index| Index { name: wanted.name.clone(), ..(*i).clone() } == wanted;
            if let Some(copy) = copies.iter().filter(named).find(same) {
                script.text(using_index(&self.table, constraint, &copy.name), None);
                script.model(Change::DropIndex { table: self.table.clone(), name: copy.name.clone() })?;
                script.model(Change::AddConstraint { table: self.table.clone(), constraint: constraint.clone() })?;
                script.back.push(vec![sql::constraint::drop(&self.table, &constraint.name)]);
            }
        }
        let rest = others.into_iter().map(|c| (self.table.clone(), c.clone())).chain(incoming.iter().cloned());
        for (owner, constraint) in rest {
            if constraint.validated && constraint.enforced {
                unchecked.push((owner.clone(), constraint.name.clone()));
            }
            let constraint = Constraint { validated: false, ..constraint };
            script.make(Change::AddConstraint { table: owner, constraint })?;
        }
        Ok(unchecked)
    }

    /// Everything backwards; rows that were written since get their old values by a cast.
    fn swap_back(&self, schema: &Schema, back: Vec<Vec<String>>, aside: &str) -> Rollback {
        let (name, old) = (ident(&self.old.name), ident(aside));
        let (from, to) = (&self.old.data_type, &self.new.data_type);
        let plain = self.value == cast(schema, &self.old.name, from, to);
        let value = cast(schema, &self.old.name, to, from);
        // A value that is still what the old one was converted to has not been written since.
        let written = if plain {
            format!("({})::text IS DISTINCT FROM {name}::text", cast(schema, aside, from, to))
        } else {
            format!("{old}::text IS DISTINCT FROM {value}::text")
        };
        let update = format!("UPDATE {} SET {old} = {value} WHERE {written}", relation(&self.table));
        let sql = std::iter::once(update).chain(back.into_iter().rev().flatten()).collect();
        let cast = format!("cast back to {}; it fails where one does not fit.", self.old.data_type);
        if plain {
            Rollback::restores(sql, format!("The old values come back; those written since then are {cast}"))
        } else {
            Rollback::lossy(
                sql,
                format!("values that the conversion has changed or that were written since are {cast}"),
            )
        }
    }
}

/// Whether the model follows a rename of its columns: it does not look into expressions.
fn has_only_columns(index: &Index) -> bool {
    index.predicate.is_none() && indexes::plain_columns(index).is_some()
}

/// Statements with the model's changes and the way back of each, in order.
struct Script {
    schema: Schema,
    sql: Vec<String>,
    changes: Vec<Change>,
    back: Vec<Vec<String>>,
}

impl Script {
    fn make(&mut self, change: Change) -> Result<()> {
        self.sql.extend(render(&change, &self.schema));
        let before = self.schema.clone();
        self.schema.apply(&change).map_err(|why| misfit(&why))?;
        self.back.push(reverse::rollback(&change, &before, &self.schema).sql);
        self.changes.push(change);
        Ok(())
    }

    /// A change of the model whose statement is said apart.
    fn model(&mut self, change: Change) -> Result<()> {
        self.schema.apply(&change).map_err(|why| misfit(&why))?;
        self.changes.push(change);
        Ok(())
    }

    /// A statement that the model knows nothing of, and what undoes it.
    fn text(&mut self, sql: String, back: Option<String>) {
        self.sql.push(sql);
        self.back.extend(back.map(|statement| vec![statement]));
    }
}
