//! Rules about personal and health data, each with the articles and sections that it rests on.

use super::Group::Privacy;
use super::{Page, Rule, manual, rule};
use crate::plan::Severity::{High, Info, Low, Medium};

const fn gdpr(title: &'static str) -> Page {
    Page { work: "GDPR (Regulation (EU) 2016/679)", title, file: "" }
}

const fn hipaa(title: &'static str) -> Page {
    Page { work: "HIPAA (45 CFR)", title, file: "" }
}

pub(super) static RULES: &[Rule] = &[
    rule(
        Privacy,
        "personal-data-added",
        Info,
        "Personal data added",
        "Whoever keeps personal data has to know which, what for and for how long, and to keep it to what is needed.",
        "Add it to the record of processing activities, and say in the column's comment what it is for.",
    )
    .fact()
    .pages(&[gdpr("Art. 30 Records of processing activities"), gdpr("Art. 5(1)(c) data minimisation"), gdpr("Art. 25 Data protection by design and by default")]),
    rule(
        Privacy,
        "special-category-added",
        Medium,
        "Data of a special category added",
        "Data on health, genes, biometrics, religion, politics, ethnic origin, sex life or trade unions may be processed \
         on few grounds only.",
        "Make sure of the ground, keep it in a table of its own with row security, and encrypt it.",
    )
    .fact()
    .pages(&[gdpr("Art. 9 Processing of special categories of personal data"), gdpr("Art. 32 Security of processing"), gdpr("Art. 35 Data protection impact assessment")]),
    rule(
        Privacy,
        "child-data-added",
        Medium,
        "Data about children added",
        "Children's data deserves specific protection, and consent may be the parents' to give.",
        "Keep no more than is needed, and make sure of the consent.",
    )
    .fact()
    .pages(&[gdpr("Art. 8 Conditions applicable to child's consent in relation to information society services"), gdpr("Recital 38")]),
    rule(
        Privacy,
        "credentials-in-plain-text",
        Medium,
        "Secret kept as plain text",
        "Whoever reads the table, a backup or a replica can use it.",
        "Keep a salted hash of a password, and call the column one (password_hash); encrypt tokens and keys, or keep them in a \
         secret store.",
    )
    .fact()
    .pages(&[gdpr("Art. 32 Security of processing"), gdpr("Art. 5(1)(f) integrity and confidentiality"), hipaa("164.312(d) Person or entity authentication")]),
    rule(
        Privacy,
        "personal-data-without-retention",
        Low,
        "Personal data without an end",
        "Nothing in the table tells when a row has to go: no time of making, deletion or expiry.",
        "Add a created_at, deleted_at or expires_at, and a job that removes what is too old.",
    )
    .fact()
    .pages(&[gdpr("Art. 5(1)(e) storage limitation"), gdpr("Art. 30(1)(f) envisaged time limits for erasure")]),
    rule(
        Privacy,
        "personal-data-without-erasure-path",
        Low,
        "Personal data that stays when its person goes",
        "The foreign key neither deletes nor clears the row when the person's row is deleted, so that erasure stops here.",
        "ON DELETE CASCADE or SET NULL, or a job that erases it and a test that proves it.",
    )
    .fact()
    .pages(&[gdpr("Art. 17 Right to erasure ('right to be forgotten')")]),
    rule(
        Privacy,
        "health-data-without-row-security",
        Medium,
        "Health data that every reader of the table sees",
        "Access has to be limited to those who need it, and to what they need.",
        "ENABLE ROW LEVEL SECURITY with a policy for each role, and grant columns, not tables.",
    )
    .fact()
    .pages(&[hipaa("164.312(a)(1) Access control"), hipaa("164.502(b) Minimum necessary"), gdpr("Art. 32 Security of processing"), manual("Row Security Policies", "ddl-rowsecurity.html")]),
    rule(
        Privacy,
        "health-data-not-encrypted",
        Low,
        "Health data in a readable type",
        "Whoever reads a backup, a replica or a dump can read it. Encryption is addressable: done, or its lack reasoned.",
        "Encrypt it in the application (bytea), or write down why disk encryption is enough here.",
    )
    .fact()
    .pages(&[hipaa("164.312(a)(2)(iv) Encryption and decryption"), gdpr("Art. 32(1)(a) pseudonymisation and encryption")]),
    rule(
        Privacy,
        "health-data-without-audit",
        Low,
        "Health data without a trace of its changes",
        "Systems that hold health data have to record what is done with it.",
        "Add an audit trigger to the table, or pgAudit, and columns for who changed it and when.",
    )
    .fact()
    .pages(&[hipaa("164.312(b) Audit controls"), hipaa("164.312(c)(1) Integrity"), hipaa("164.308(a)(1)(ii)(D) Information system activity review")]),
    rule(
        Privacy,
        "personal-data-indexed",
        Low,
        "Personal data copied into an index",
        "An index is one more place with the values, and makes it easy to search for a person by them.",
        "Index a hash or a pseudonym where looking up by equality is all that is needed.",
    )
    .fact()
    .pages(&[gdpr("Art. 5(1)(c) data minimisation"), gdpr("Art. 25 Data protection by design and by default"), hipaa("164.502(b) Minimum necessary")]),
    rule(
        Privacy,
        "personal-data-in-view",
        Medium,
        "Personal data shown by a view",
        "Whoever may read the view reads it with the rights of the view's owner; a materialized view is a copy that \
         erasure has to reach too.",
        "Leave the columns out, or mask them; use security_invoker (from 15) so that the reader's own rights count.",
    )
    .fact()
    .pages(&[gdpr("Art. 25(2) by default only personal data which are necessary"), gdpr("Art. 17 Right to erasure ('right to be forgotten')"), hipaa("164.502(b) Minimum necessary"), manual("CREATE VIEW, Notes", "sql-createview.html")]),
    rule(
        Privacy,
        "personal-data-granted",
        High,
        "More roles may read personal data",
        "Access is to be limited to those who need it.",
        "Grant the columns that are needed, to the roles that need them.",
    )
    .fact()
    .pages(&[gdpr("Art. 25(2) not made accessible to an indefinite number of natural persons"), gdpr("Art. 32(4) persons acting under authority"), hipaa("164.308(a)(4) Information access management"), hipaa("164.312(a)(1) Access control")]),
    rule(
        Privacy,
        "audit-trail-removed",
        High,
        "Record of who did what is removed",
        "It has to be possible to show afterwards who saw or changed personal data; HIPAA's documentation is kept for six \
         years.",
        "Keep it, or archive it first where nobody can change it.",
    )
    .fact()
    .pages(&[gdpr("Art. 5(2) accountability"), gdpr("Art. 30 Records of processing activities"), hipaa("164.312(b) Audit controls"), hipaa("164.316(b)(2)(i) Time limit")]),
    rule(
        Privacy,
        "protection-removed",
        High,
        "Protection of personal data switched off",
        "Row security or a policy on a table with personal data is taken away.",
        "Change the policy instead, and keep row security on.",
    )
    .fact()
    .pages(&[gdpr("Art. 32 Security of processing"), hipaa("164.312(a)(1) Access control"), hipaa("164.312(c)(1) Integrity")]),
    rule(
        Privacy,
        "personal-data-replicated",
        Medium,
        "Personal data sent elsewhere",
        "A publication or foreign table carries the values to another server, which may be in another country.",
        "Publish the columns that are needed only (from 15), and see that the other side may have them.",
    )
    .fact()
    .pages(&[gdpr("Art. 44 General principle for transfers"), gdpr("Art. 28 Processor"), hipaa("164.502(e) Disclosures to business associates"), manual("Column Lists", "logical-replication-col-lists.html")]),
    rule(
        Privacy,
        "personal-data-copied",
        Low,
        "Personal data copied to another table",
        "CREATE TABLE AS and INSERT … SELECT make a copy that erasure and retention have to reach too.",
        "Copy no more than is needed, and give the copy an end.",
    )
    .fact()
    .pages(&[gdpr("Art. 5(1)(c) data minimisation"), gdpr("Art. 17 Right to erasure ('right to be forgotten')")]),
];
