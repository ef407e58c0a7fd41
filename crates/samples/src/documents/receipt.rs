//! A till receipt, scanned a little askew.

use crate::SampleError;
use crate::model::money;
use crate::raster::{Canvas, Size, text_width};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

const WIDTH: usize = 820;
const MARGIN: usize = 60;

/// The file.
pub(crate) fn png() -> Result<Vec<u8>, SampleError> {
    let page = draw().tilted(140).dusty(90, 0x5eed_0001);
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, FilterType::Up).write_image(
        &page.pixels,
        page.width as u32,
        page.height as u32,
        ExtendedColorType::L8,
    )?;
    Ok(bytes)
}

fn draw() -> Canvas {
    let mut page = Canvas::new(WIDTH, 1030);
    let right = WIDTH - MARGIN;
    let mut y = 60;
    let centred = |page: &mut Canvas, y: usize, bold: bool, text: &str| {
        page.text((WIDTH - text_width(Size::Large, text)) / 2, y, Size::Large, bold, text);
    };
    for (i, text) in
        ["THE COPPER KETTLE CAFE LTD", "8 Harbour Parade", "Exampleton EX1 9ZZ", "VAT No. GB 553 0917 48"]
            .iter()
            .enumerate()
    {
        centred(&mut page, y, i == 0, text);
        y += 44;
    }
    y += 14;
    page.text(MARGIN, y, Size::Large, false, "Receipt: 0048213");
    page.text_right(right, y, Size::Large, false, "Till 2");
    y += 44;
    page.text(MARGIN, y, Size::Large, false, "Date: 21/06/2025");
    page.text_right(right, y, Size::Large, false, "13:47");
    y += 52;
    page.rule(MARGIN, right, y, 3);
    y += 18;

    let items = [
        (2, "Flat white", 360),
        (1, "Pot of tea", 310),
        (2, "Cheese scone", 325),
        (1, "Soup of the day", 785),
        (1, "Carrot cake", 455),
    ];
    for (quantity, name, price) in items {
        page.text(MARGIN, y, Size::Large, false, &format!("{quantity} x {name}"));
        page.text_right(right, y, Size::Large, false, &money(quantity * price, ",", "."));
        y += 44;
    }
    let total: i64 = items.iter().map(|(quantity, _, price)| quantity * price).sum();
    // Prices include 20 % VAT.
    let net = (total * 100 + 60) / 120;
    y += 6;
    page.rule(MARGIN, right, y, 3);
    y += 22;
    for (label, value, bold) in [
        ("TOTAL GBP", total, true),
        ("Card payment", total, false),
        ("Net amount", net, false),
        ("VAT 20%", total - net, false),
    ] {
        page.text(MARGIN, y, Size::Large, bold, label);
        page.text_right(right, y, Size::Large, bold, &money(value, ",", "."));
        y += 48;
    }
    y += 20;
    page.text(MARGIN, y, Size::Large, false, "Card ************0000");
    page.text_right(right, y, Size::Large, false, "CONTACTLESS");
    y += 70;
    centred(&mut page, y, false, "Thank you for your visit!");
    centred(&mut page, y + 44, false, "Served by: Imogen");
    page
}
