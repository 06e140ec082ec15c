//! Every format of one report.

use super::report::{FileReport, Report, StatementReport};
use super::{fingerprint, github, gitlab, junit, markdown, sarif, text};
use crate::engine;
use crate::plan::{Evidence, Risk, Severity};
use crate::risk::Finding;
use crate::schema::EngineKind;

fn statement(line: usize, risks: Vec<Risk>) -> StatementReport {
    let finding = Finding {
        line,
        column: 5,
        sql: "ALTER TABLE t ALTER c TYPE bigint".into(),
        class: "ALTER TABLE".into(),
        parsed: true,
        understood: true,
        rewrites: vec!["public.t".into()],
        risks,
        ..Finding::default()
    };
    StatementReport::of(finding, engine::dialect(EngineKind::Postgres).unwrap().as_ref())
}

fn risk(rule: &str, severity: Severity) -> Risk {
    let message = "every row | of <it> & \"all\"".to_owned();
    Risk { rule: rule.into(), severity, message, suggestion: None, evidence: Evidence::Predicted }
}

fn report(lines: &[usize]) -> Report {
    let mut file = FileReport::new("a,b c.sql".into(), String::new());
    let risks = || vec![risk("table-rewrite", Severity::High), risk("lock-blocks-reads", Severity::Low)];
    file.statements = lines.iter().map(|line| statement(*line, risks())).collect();
    fingerprint::assign(&mut file);
    Report::new(vec![file], Vec::new(), Some(Severity::High))
}

#[test]
fn annotations_escape_what_github_would_take_for_its_own() {
    let lines = github::github(&report(&[3]));
    let first = "::error file=a%2Cb c.sql,line=3,col=5,title=table-rewrite::every row | of <it> & \"all\"";
    assert_eq!(lines.lines().next(), Some(first));
    assert!(lines.lines().nth(1).unwrap().starts_with("::notice "), "{lines}");
}

#[test]
fn every_format_has_the_finding_at_its_place() {
    let report = report(&[3]);
    assert!(report.fails());
    assert!(text::text(&report).contains("a,b c.sql:3:5"));
    let written = markdown::markdown(&report);
    assert!(written.contains("every row \\| of &lt;it> &amp; \"all\""), "{written}");
    assert_eq!(gitlab::gitlab(&report)[0]["location"]["lines"]["begin"], 3);
    let sarif = sarif::sarif(&report);
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!((&place["region"]["startLine"], &place["region"]["startColumn"]), (&3.into(), &5.into()));
    assert_eq!(place["artifactLocation"]["uri"], "a%2Cb%20c.sql");
    let rules = &sarif["runs"][0]["tool"]["driver"]["rules"];
    let index = sarif["runs"][0]["results"][0]["ruleIndex"].as_u64().unwrap();
    assert_eq!(rules[usize::try_from(index).unwrap()]["id"], "table-rewrite");
}

#[test]
fn junit_fails_what_ends_with_status_one_and_nothing_else() {
    let written = junit::junit(&report(&[3, 9]));
    assert!(written.contains("tests=\"2\" failures=\"2\" errors=\"0\""), "{written}");
    assert!(written.contains("<failure type=\"table-rewrite\" message=\"every row | of &lt;it&gt; &amp; &quot;all"));
    let mut quiet = report(&[3]);
    quiet.limit = Some(Severity::Critical);
    let written = junit::junit(&quiet);
    assert!(written.contains("failures=\"0\"") && written.contains("<system-out>"), "{written}");
}

#[test]
fn fingerprints_stay_when_lines_move_and_tell_repetitions_apart() {
    let prints = |lines: &[usize]| -> Vec<String> {
        report(lines).findings().map(|placed| placed.found.fingerprint.clone()).collect()
    };
    assert_eq!(prints(&[3]), prints(&[40]));
    let mut both = prints(&[3, 9]);
    assert_eq!(both[..2], prints(&[1]));
    both.sort();
    both.dedup();
    assert_eq!(both.len(), 4);
}

#[test]
fn coverage_counts_what_is_not_understood() {
    let mut one = statement(1, Vec::new());
    one.finding.understood = false;
    let mut file = FileReport::new("a.sql".into(), String::new());
    file.statements = vec![one, statement(2, Vec::new())];
    let report = Report::new(vec![file], Vec::new(), None);
    assert_eq!(report.coverage_line(), "2 statements, 1 understood, 1 unknown");
}
