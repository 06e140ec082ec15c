//! What is found about one part of a migration, by the way that its framework runs it.

use super::{Layout, Running, Side};
use crate::plan::{Evidence, Risk, Severity};
use crate::risk::{Finding, rules};

/// Rules about what goes away. Taking back what was added is what a way down is for.
const REMOVING: &[&str] = &[
    "drop-table",
    "drop-column",
    "drop-other",
    "drop-index",
    "drop-constraint",
    "drop-primary-key",
    "drop-default",
    "truncate",
    "delete-without-where",
    "revoke",
    "row-security-disabled",
    "policy-changed",
];

/// Judges `findings`, which are those of one part, anew: by how `layout` runs it, where that is known, and by which
/// way it goes. `text_is_transaction` says that the engine takes statements of one text as one transaction.
pub fn lint(findings: &mut [Finding], side: Side, runs: Option<(Layout, Running)>, text_is_transaction: bool) {
    if side == Side::Down {
        for finding in findings.iter_mut() {
            finding.side = Some("down");
            for risk in finding.risks.iter_mut().filter(|risk| REMOVING.contains(&risk.rule.as_str())) {
                risk.severity = Severity::Info;
            }
        }
    }
    let Some((layout, runs)) = runs else { return };
    let several = findings.len() > 1;
    let with_others = findings.iter().any(|finding| finding.transactional);
    let why = match runs {
        Running::Transaction => format!("{layout} runs this in a transaction, where the statement cannot be"),
        Running::Together if several && text_is_transaction => {
            format!("{layout} sends this with other statements at once, which makes a transaction, where it cannot be")
        }
        Running::Detected if with_others => {
            format!("{layout} refuses a file that has statements of both kinds, in a transaction and outside")
        }
        Running::Together | Running::Detected | Running::Alone => String::new(),
    };
    for finding in findings.iter_mut().filter(|finding| !finding.transactional) {
        // How the framework runs it answers the question that this rule asks.
        finding.risks.retain(|risk| risk.rule != "not-in-transaction");
        if !why.is_empty() {
            finding.risks.insert(0, would_fail(&why, layout));
        }
    }
}

fn would_fail(why: &str, layout: Layout) -> Risk {
    let rule = "transaction-would-fail";
    Risk {
        rule: rule.to_owned(),
        severity: rules::explain(rule).map_or(Severity::Critical, |rule| rule.severity),
        message: why.to_owned(),
        suggestion: Some(layout.framework().outside().to_owned()),
        evidence: Evidence::Predicted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(transactional: &[bool]) -> Vec<Finding> {
        let finding = |transactional: &bool| Finding {
            parsed: true,
            understood: true,
            transactional: *transactional,
            ..Finding::default()
        };
        transactional.iter().map(finding).collect()
    }

    fn fails(transactional: &[bool], runs: Running) -> bool {
        let mut findings = findings(transactional);
        lint(&mut findings, Side::Up, Some((Layout::Sqlx, runs)), true);
        findings.iter().any(|f| f.risks.iter().any(|r| r.rule == "transaction-would-fail"))
    }

    #[test]
    fn a_statement_that_cannot_be_in_a_transaction_is_found_where_it_would_be() {
        assert!(fails(&[false], Running::Transaction));
        assert!(!fails(&[false], Running::Together) && fails(&[false, false], Running::Together));
        assert!(!fails(&[false, false], Running::Detected) && fails(&[false, true], Running::Detected));
        assert!(!fails(&[false, true], Running::Alone) && !fails(&[true], Running::Transaction));
    }

    #[test]
    fn taking_back_may_remove_what_was_added() {
        let mut findings = findings(&[true]);
        findings[0].risks.push(Risk { rule: "drop-table".to_owned(), ..would_fail("x", Layout::Goose) });
        lint(&mut findings, Side::Down, None, true);
        assert_eq!((findings[0].side, findings[0].risks[0].severity), (Some("down"), Severity::Info));
    }
}
