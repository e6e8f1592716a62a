use crate::databases::on_both;
use casp_store::{
    identities::{self, Channel},
    resources::{folded, is_name, known_as},
};

#[test]
fn e_mails_are_the_same_in_any_case_and_other_names_are_not() {
    assert_eq!(folded("Ann@Example.ORG"), "ann@example.org");
    assert_eq!(folded("Ann"), "Ann");
    assert_eq!(folded("\u{212a}@example.org"), "\u{212a}@example.org");
    assert!(is_name(&"é".repeat(320)));
    for text in ["a\0b", "a\nb", &*"x".repeat(321)] {
        assert!(!is_name(text), "{text:?}");
    }
}

on_both! {
    async fn who_was_linked_with_capitals_keeps_them(db: TestDatabase) {
        let store = &db.store;
        let known = async |name| known_as(store, db.account, name).await.unwrap();
        assert_eq!(known("Ann@Example.org").await, "ann@example.org");
        identities::add(store, db.account, Channel::Phone, "+15551230001", "Ann@Example.org", 1).await.unwrap();
        assert_eq!(known("Ann@Example.org").await, "Ann@Example.org");
        assert_eq!(known("ANN@example.org").await, "ann@example.org");
        assert_eq!(known("ann@example.org").await, "ann@example.org");
    }
}
