//! Many values in one write.

use super::{Home, item, secret, value};
use crate::secret::{MAX_SECRET, Secret};
use crate::store::CredentialStore;
use crate::store::vault::Vault;

#[test]
fn many_values_are_one_generation() {
    let (home, vault) = Home::new();
    vault.put(&item("B"), &secret("former")).unwrap();
    let before = Vault::facts(&home.path).unwrap().generation;
    let secrets = [secret("one"), secret("two"), secret("three")];
    let items: Vec<_> = ["A", "B", "C"].map(item).into_iter().zip(&secrets).collect();
    vault.put_many(&items).unwrap();
    assert_eq!(Vault::facts(&home.path).unwrap().generation, before + 1);
    let again = home.open();
    assert_eq!(["A", "B", "C"].map(|name| value(&again, name).unwrap()), ["one", "two", "three"]);
    vault.put_many(&[]).unwrap();
    assert_eq!(Vault::facts(&home.path).unwrap().generation, before + 1);
}

#[test]
fn where_one_of_many_can_not_be_kept_none_is() {
    let (home, vault) = Home::new();
    let (fits, empty, huge) = (secret("fits"), secret(""), Secret::new(vec![b'x'; MAX_SECRET + 1]));
    let before = home.bytes();
    for wrong in [&empty, &huge] {
        let stopped = vault.put_many(&[(item("A"), &fits), (item("B"), wrong)]).unwrap_err();
        assert_eq!((stopped.stored, stopped.tried), (0, 2));
    }
    assert_eq!(home.bytes(), before);
    assert_eq!(value(&vault, "A"), None);
}
