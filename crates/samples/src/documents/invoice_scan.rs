//! An invoice of two pages, scanned into one TIFF, LZW compressed, 150 DPI.

use crate::SampleError;
use crate::model::{money, slash_date};
use crate::raster::{Canvas, Size};
use std::io::Cursor;
use tiff::encoder::{Compression, Rational, TiffEncoder, colortype};
use tiff::tags::ResolutionUnit;

const WIDTH: usize = 1240;
const HEIGHT: usize = 1754;
const LEFT: usize = 100;
const RIGHT: usize = 1140;
const NUMBER: &str = "SB-5526";
const ISSUED: &str = "2025-07-08";
const DUE: &str = "2025-08-07";

const ITEMS: [(&str, &str, i64, i64); 24] = [
    ("K-101", "Oak plank 22 mm, planed", 40, 1_860),
    ("K-102", "Oak plank 32 mm, planed", 25, 2_640),
    ("K-110", "Beech board 18 mm", 30, 1_425),
    ("K-118", "Ash handrail, 3 m", 8, 5_375),
    ("K-121", "Spruce batten 24 x 48 mm", 200, 145),
    ("K-125", "Larch cladding, grade A", 60, 980),
    ("K-130", "Birch plywood 12 mm", 18, 4_210),
    ("K-131", "Birch plywood 18 mm", 12, 5_990),
    ("K-140", "MDF panel 16 mm", 22, 1_730),
    ("K-152", "Worktop, oak, 38 mm", 3, 21_500),
    ("B-201", "Wood screw 4 x 40, 500 pcs", 20, 1_190),
    ("B-202", "Wood screw 5 x 60, 250 pcs", 20, 1_275),
    ("B-210", "Coach bolt M10 x 120", 150, 68),
    ("B-217", "Angle bracket 90 mm", 80, 215),
    ("B-223", "Joist hanger 60 x 160", 36, 394),
    ("B-230", "Threaded rod M12, 1 m", 25, 330),
    ("L-301", "Wood glue D4, 5 kg", 6, 3_480),
    ("L-304", "Hard wax oil, 2.5 l", 5, 6_850),
    ("L-309", "Abrasive paper P120, roll", 10, 1_995),
    ("T-401", "Saw blade 250 mm, 60 teeth", 4, 5_240),
    ("T-405", "Forstner bit 35 mm", 6, 1_460),
    ("T-410", "Bar clamp 800 mm", 12, 1_875),
    ("S-501", "Cutting to size, per hour", 7, 5_800),
    ("S-502", "Delivery by own lorry", 1, 9_500),
];

/// The file.
pub(crate) fn tiff() -> Result<Vec<u8>, SampleError> {
    let (first, second) = ITEMS.split_at(16);
    let pages =
        [first_page(first).tilted(260).dusty(400, 0x5eed_0002), last_page(second).dusty(400, 0x5eed_0003)];
    encoded(pages)
}

/// Scans of the same two sheets in turn, `pages` of them; the dust on each is its own, and that of `seed`.
pub(crate) fn many(seed: u64, pages: usize) -> Result<Vec<u8>, SampleError> {
    let (first, second) = ITEMS.split_at(16);
    encoded((0..pages as u64).map(|n| {
        let sheet = if n % 2 == 0 { first_page(first) } else { last_page(second) };
        sheet.dusty(20_000, seed.wrapping_mul(0x9e37_79b9).wrapping_add(n) | 1)
    }))
}

fn encoded(pages: impl IntoIterator<Item = Canvas>) -> Result<Vec<u8>, SampleError> {
    let mut file = Cursor::new(Vec::new());
    let mut encoder = TiffEncoder::new(&mut file)?.with_compression(Compression::Lzw);
    for page in pages {
        let mut image = encoder.new_image::<colortype::Gray8>(page.width as u32, page.height as u32)?;
        image.resolution(ResolutionUnit::Inch, Rational { n: 150, d: 1 });
        image.write_data(&page.pixels)?;
    }
    Ok(file.into_inner())
}

fn amount(cents: i64) -> String {
    money(cents, ",", ".")
}

fn first_page(items: &[(&str, &str, i64, i64)]) -> Canvas {
    let mut p = Canvas::new(WIDTH, HEIGHT);
    p.text(LEFT, 90, Size::Large, true, "Sorrel & Birch Timber Ltd");
    p.text(LEFT, 136, Size::Small, false, "Sawmill Yard 3, Exampleton EX7 9ZZ, United Kingdom");
    p.text(LEFT, 168, Size::Small, false, "VAT Reg. No. GB 612 0845 73");
    p.rule(LEFT, RIGHT, 210, 3);
    p.text(LEFT, 250, Size::Large, true, "INVOICE");

    for (i, text) in
        ["Invoice to:", "Fernleigh Joinery Works Ltd", "22 Mill Bank", "Northmoor NM3 9ZZ"].iter().enumerate()
    {
        p.text(LEFT, 320 + 34 * i, Size::Small, i == 0, text);
    }
    for (i, (label, value)) in [
        ("Invoice No:", NUMBER.to_owned()),
        ("Invoice Date:", slash_date(ISSUED)),
        ("Due Date:", slash_date(DUE)),
        ("Your Order:", "FJ-0992".to_owned()),
        ("Currency:", "GBP".to_owned()),
    ]
    .iter()
    .enumerate()
    {
        p.text(720, 320 + 34 * i, Size::Small, false, label);
        p.text(940, 320 + 34 * i, Size::Small, false, value);
    }
    table(&mut p, 540, items);
    p.text_right(RIGHT, 1660, Size::Small, false, "Page 1 of 2");
    p
}

fn last_page(items: &[(&str, &str, i64, i64)]) -> Canvas {
    let mut p = Canvas::new(WIDTH, HEIGHT);
    p.text(LEFT, 90, Size::Small, true, "Sorrel & Birch Timber Ltd");
    p.text_right(RIGHT, 90, Size::Small, false, &format!("Invoice No: {NUMBER}"));
    let mut y = table(&mut p, 160, items) + 30;
    let net: i64 = ITEMS.iter().map(|(_, _, quantity, price)| quantity * price).sum();
    let tax = (net * 20 + 50) / 100;
    for (label, value, bold) in
        [("Net total", net, false), ("VAT 20%", tax, false), ("Total due GBP", net + tax, true)]
    {
        p.text(720, y, Size::Small, bold, label);
        p.text_right(RIGHT, y, Size::Small, bold, &amount(value));
        y += 40;
    }
    y += 40;
    for text in [
        "Please pay within 30 days by bank transfer:",
        "IBAN: GB29 NWBK 6016 1331 9268 19",
        "Payment reference: SB-5526",
    ] {
        p.text(LEFT, y, Size::Small, false, text);
        y += 36;
    }
    p.text_right(RIGHT, 1660, Size::Small, false, "Page 2 of 2");
    p
}

/// Draws the table and gives the y below it.
fn table(p: &mut Canvas, top: usize, items: &[(&str, &str, i64, i64)]) -> usize {
    p.text(LEFT, top, Size::Small, true, "Item");
    p.text(220, top, Size::Small, true, "Description");
    p.text_right(760, top, Size::Small, true, "Qty");
    p.text_right(950, top, Size::Small, true, "Unit price");
    p.text_right(RIGHT, top, Size::Small, true, "Amount");
    p.rule(LEFT, RIGHT, top + 36, 2);
    let mut y = top + 52;
    for (article, description, quantity, price) in items {
        p.text(LEFT, y, Size::Small, false, article);
        p.text(220, y, Size::Small, false, description);
        p.text_right(760, y, Size::Small, false, &quantity.to_string());
        p.text_right(950, y, Size::Small, false, &amount(*price));
        p.text_right(RIGHT, y, Size::Small, false, &amount(quantity * price));
        y += 50;
    }
    p.rule(LEFT, RIGHT, y, 2);
    y
}
