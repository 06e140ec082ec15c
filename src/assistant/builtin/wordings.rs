//! Wordings that people came up with at the sample shop, and what they must never be taken for.

use super::tests::{ask, changes, check};
use crate::assistant::{Proposal, Reply};

#[test]
fn words_that_only_round_off_are_no_part_of_names() {
    check(&[
        ("call the sales table retail_sales instead", "rename table sales to retail_sales"),
        ("emails of customers need not be unique any more", "customers: drop customers_email_key"),
        (
            "add seen_at to orders, timestamp with time zone, default now",
            "add orders.seen_at timestamp with time zone default CURRENT_TIMESTAMP",
        ),
    ]);
}

#[test]
fn a_topic_said_first_is_what_the_requests_are_about() {
    check(&[("customers: drop phone, add birthday date", "drop customers.phone && add customers.birthday date")]);
}

#[test]
fn several_renames_share_their_verb() {
    check(&[
        (
            "rename orders.notes to remarks and total to amount",
            "rename orders.notes to remarks && rename orders.total to amount",
        ),
        (
            "rename sales to deals and customers to clients",
            "rename table sales to deals && rename table customers to clients",
        ),
    ]);
}

#[test]
fn what_existing_rows_get_may_be_said_after_the_requirement() {
    for text in [
        "make phone mandatory on customers, use 'unknown' where missing",
        "customers.phone must not be null, fill existing rows with 'unknown'",
        "set customers.phone to not null with 'unknown' for the empty ones",
        "make customers.phone required with 'unknown' for old rows",
    ] {
        assert_eq!(changes(text, &[]).as_deref(), Ok("not null customers.phone fill 'unknown'"), "{text}");
    }
}

#[test]
fn types_may_follow_the_table_or_the_list() {
    check(&[
        ("add checked_at to sales, timestamp with time zone", "add sales.checked_at timestamp with time zone"),
        (
            "add two columns to sales: phone and manager_name, both text",
            "add sales.phone text && add sales.manager_name text",
        ),
    ]);
}

#[test]
fn slips_of_the_keyboard_are_read_as_what_was_meant() {
    check(&[
        ("renmae customers.phone to mobile", "rename customers.phone to mobile"),
        ("drop colunm notes from orders", "drop orders.notes"),
    ]);
}

#[test]
fn keys_between_tables_are_dropped_and_key_words_are_no_names() {
    check(&[
        ("remove the foreign key from order_items to orders", "order_items: drop order_items_order_id_fkey"),
        ("drop the fk between orders and order_items", "order_items: drop order_items_order_id_fkey"),
    ]);
    let added =
        changes("add a customer_id foreign key to sales referencing customers, on delete set null", &[]).unwrap();
    assert!(added.starts_with("add sales.customer_id bigint"), "{added}");
    assert!(changes("make (id, created_at) the primary key of orders", &[]).is_err(), "it has one");
}

#[test]
fn room_for_longer_values_is_no_check() {
    for text in
        ["customers.phone must hold longer values than 15 characters", "phones get longer: 39 characters for phone"]
    {
        let got = changes(text, &[]);
        assert!(!got.as_ref().is_ok_and(|changes| changes.contains("check")), "{text}: {got:?}");
    }
}

#[test]
fn courtesies_and_jokes_are_not_asked_about_as_names() {
    for text in ["make me a sandwich", "give me all customers from Germany", "we don't need sales anymore, really"] {
        assert!(matches!(ask(text, &[]), Proposal::NotUnderstood { .. }), "{text}: {:?}", ask(text, &[]));
    }
}

#[test]
fn questions_in_other_words_are_answered() {
    let cases: &[(&str, &[&str])] = &[
        ("show me the columns of customers", &["email"]),
        ("list all tables", &["customers", "sales"]),
        ("what constraints are on products?", &["products_price_check"]),
        ("which check constraints exist on products?", &["price > 0"]),
        ("what is the primary key of orders?", &["orders_pkey"]),
        ("how are orders and products related?", &["order_items(order_id)", "order_items(product_id)"]),
        ("which tables are related to orders?", &["order_items"]),
        ("what would happen if I rename customers.email to mail?", &["mail", "customers_email_key"]),
        ("what would happen if I make customers.phone not null?", &["filled first"]),
        ("does orders have an index on created_at?", &["orders_created_at_idx"]),
        ("what triggers are there?", &["no triggers"]),
        ("whats the default of orders.status?", &["default"]),
    ];
    for (text, wanted) in cases {
        let Proposal::Reply(Reply { answer, .. }) = ask(text, &[]) else { panic!("{text}: {:?}", ask(text, &[])) };
        for part in *wanted {
            assert!(answer.contains(part), "{text}: {answer}");
        }
    }
}
