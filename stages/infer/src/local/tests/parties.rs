//! Parties under labels that do not say whose they name.

use super::*;

#[test]
fn a_name_under_a_label_of_names_takes_its_party_from_the_heading() {
    let lines = [
        "FACTURA",
        "",
        "Vendedor|||Datos del receptor",
        "Razón Social:|Ejemplo del Litoral S.R.L.||Razón Social: Distribuidora Faro S.R.L.",
        "",
        "Número:|000123",
    ];
    let pages = [Layout::of(&page(&lines))];
    let all = candidate::find(&pages[0], 0);
    let measured = features::measure(&pages, &all, &Lexicon::new(&[]));
    let of = |name: &str, concept: lexicon::Concept| {
        let found = all.iter().zip(&measured).filter(|(c, _)| c.value == name);
        found.map(|(_, f)| f.of(concept)).fold(0.0_f32, f32::max)
    };
    assert!(of("Distribuidora Faro S.R.L.", lexicon::Concept::Buyer) > 0.9);
    assert!(of("Ejemplo del Litoral S.R.L.", lexicon::Concept::Seller) > 0.9);
}
