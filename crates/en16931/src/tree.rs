//! A read-only tree of an XML document: elements by local name, in one arena.
//!
//! Owns the limits. Knows nothing of invoices. Rule: a document with a document type declaration, an entity other than
//! the five built-in ones, or more of anything than the limits say is refused, never partly read.

use crate::ReadError;
use quick_xml::{Reader, events::BytesStart, events::Event};
use std::ops::Range;

/// Largest XML document that is read, in bytes.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// Most elements of a document.
pub const MAX_ELEMENTS: usize = 1_000_000;
/// Most attributes of a document.
pub const MAX_ATTRIBUTES: usize = 2_000_000;
/// Deepest nesting of elements.
pub const MAX_DEPTH: usize = 64;

const NONE: u32 = u32::MAX;

/// An XML document.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// All names, texts and values, one behind the other.
    arena: String,
    elements: Vec<Element>,
    attributes: Vec<Attribute>,
}

#[derive(Debug, Clone)]
struct Element {
    name: Range<u32>,
    text: Range<u32>,
    attributes: Range<u32>,
    parent: u32,
    first: u32,
    last: u32,
    next: u32,
}

#[derive(Debug, Clone)]
struct Attribute {
    name: Range<u32>,
    value: Range<u32>,
}

/// An element of a document.
#[derive(Debug, Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    index: u32,
}

impl Document {
    /// Reads a whole document.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > MAX_BYTES {
            return Err(ReadError::Limit { what: "bytes", limit: MAX_BYTES });
        }
        let text = crate::encoding::decode(bytes)?;
        let mut document = Self { arena: String::with_capacity(text.len()), ..Self::default() };
        let mut reader = Reader::from_str(&text);
        let mut open: Vec<u32> = Vec::new();
        loop {
            let at = reader.buffer_position();
            match reader.read_event().map_err(|e| malformed(at, &e))? {
                Event::Start(start) => {
                    within(open.len() + 1, MAX_DEPTH, "levels of nesting")?;
                    let index = document.open(&start, &open, at)?;
                    open.push(index);
                }
                Event::Empty(start) => {
                    document.open(&start, &open, at)?;
                }
                Event::End(_) => {
                    open.pop();
                }
                Event::Text(t) => document.append(&open, &t.xml10_content(), at)?,
                Event::CData(t) => document.append(&open, &t.xml10_content(), at)?,
                Event::GeneralRef(reference) => {
                    let resolved = reference.resolve_char_ref().map_err(|e| malformed(at, &e))?;
                    let name = reference.xml10_content();
                    let c = match (resolved, name.as_ref()) {
                        (Some(c), _) => c,
                        (None, "amp") => '&',
                        (None, "lt") => '<',
                        (None, "gt") => '>',
                        (None, "quot") => '"',
                        (None, "apos") => '\'',
                        (None, other) => return Err(ReadError::Entity { name: one_line(other) }),
                    };
                    document.append(&open, c.encode_utf8(&mut [0; 4]), at)?;
                }
                Event::DocType(_) => return Err(ReadError::DocumentType),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof if !open.is_empty() => {
                    return Err(malformed(at, &"the document ends inside an element"));
                }
                Event::Eof if document.elements.is_empty() => return Err(malformed(at, &"no root element")),
                Event::Eof => return Ok(document),
            }
        }
    }

    /// The root element.
    pub fn root(&self) -> Node<'_> {
        Node { document: self, index: 0 }
    }

    /// Every element, in the order in which they begin.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..u32::try_from(self.elements.len()).unwrap_or(NONE)).map(|index| Node { document: self, index })
    }

    /// Namespace of the root element; empty where it has none.
    pub fn namespace(&self) -> &str {
        let root = self.root();
        let Some(element) = self.elements.first() else { return "" };
        // The prefix stands before the local name in the arena.
        let head = self.arena.get(..element.name.start as usize).unwrap_or("");
        let declared = match head.strip_suffix(':') {
            Some(prefix) => root.attributes().find(|(name, _)| name.strip_prefix("xmlns:") == Some(prefix)),
            None => root.attributes().find(|(name, _)| *name == "xmlns"),
        };
        declared.map_or("", |(_, value)| value)
    }

    fn open(&mut self, start: &BytesStart<'_>, open: &[u32], at: u64) -> Result<u32, ReadError> {
        within(self.elements.len() + 1, MAX_ELEMENTS, "elements")?;
        let parent = open.last().copied().unwrap_or(NONE);
        if parent == NONE && !self.elements.is_empty() {
            return Err(malformed(at, &"a second root element"));
        }
        let qualified = start.name();
        let qualified: &str = qualified.as_ref();
        let whole = self.push(qualified);
        let local = qualified.rfind(':').map_or(0, |colon| colon + 1);
        let name = whole.start + u32::try_from(local).unwrap_or(0)..whole.end;
        let first_attribute = self.attributes.len();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|e| malformed(at, &e))?;
            within(self.attributes.len() + 1, MAX_ATTRIBUTES, "attributes")?;
            let key = attribute.key;
            let value = attribute
                .normalized_value(quick_xml::XmlVersion::Implicit1_0)
                .map_err(|e| malformed(at, &e))?;
            let (name, value) = (self.push(key.as_ref()), self.push(&value));
            self.attributes.push(Attribute { name, value });
        }
        let count = |n: usize| u32::try_from(n).unwrap_or(NONE);
        let index = count(self.elements.len());
        self.elements.push(Element {
            name,
            text: 0..0,
            attributes: count(first_attribute)..count(self.attributes.len()),
            parent,
            first: NONE,
            last: NONE,
            next: NONE,
        });
        if let Some(above) = self.elements.get_mut(parent as usize) {
            let before = std::mem::replace(&mut above.last, index);
            if before == NONE {
                above.first = index;
            } else if let Some(before) = self.elements.get_mut(before as usize) {
                before.next = index;
            }
        }
        Ok(index)
    }

    /// Text of the innermost open element. Text between elements is kept where it is more than space.
    fn append(&mut self, open: &[u32], text: &str, at: u64) -> Result<(), ReadError> {
        let Some(index) = open.last() else {
            return if text.trim().is_empty() {
                Ok(())
            } else {
                Err(malformed(at, &"text outside of the root"))
            };
        };
        let (end, len) = (u32::try_from(self.arena.len()).unwrap_or(NONE), text.len());
        let Some(element) = self.elements.get_mut(*index as usize) else { return Ok(()) };
        if element.first != NONE && text.trim().is_empty() {
            return Ok(());
        }
        within(self.arena.len() + len, 2 * MAX_BYTES, "bytes of text")?;
        if element.text.is_empty() {
            element.text = end..end;
        } else if element.text.end != end {
            let before = element.text.start as usize..element.text.end as usize;
            within(self.arena.len() + before.len() + len, 2 * MAX_BYTES, "bytes of text")?;
            element.text = end..end + u32::try_from(before.len()).unwrap_or(0);
            self.arena.extend_from_within(before);
        }
        self.arena.push_str(text);
        element.text.end = u32::try_from(self.arena.len()).unwrap_or(NONE);
        Ok(())
    }

    fn push(&mut self, text: &str) -> Range<u32> {
        let start = u32::try_from(self.arena.len()).unwrap_or(NONE);
        self.arena.push_str(text);
        start..u32::try_from(self.arena.len()).unwrap_or(NONE)
    }

    fn str(&self, range: &Range<u32>) -> &str {
        self.arena.get(range.start as usize..range.end as usize).unwrap_or("")
    }
}

impl<'d> Node<'d> {
    fn element(self) -> Option<&'d Element> {
        self.document.elements.get(self.index as usize)
    }

    fn with(self, index: u32) -> Option<Self> {
        (index != NONE).then_some(Self { document: self.document, index })
    }

    /// Local name.
    pub fn name(self) -> &'d str {
        self.element().map_or("", |e| self.document.str(&e.name))
    }

    /// Its own text, as it stands.
    pub fn text(self) -> &'d str {
        self.element().map_or("", |e| self.document.str(&e.text))
    }

    /// Its own text without space around it.
    pub fn trimmed(self) -> &'d str {
        self.text().trim()
    }

    /// The element around it.
    pub fn parent(self) -> Option<Self> {
        self.with(self.element()?.parent)
    }

    /// The document's root element.
    #[must_use]
    pub fn root(self) -> Self {
        Self { document: self.document, index: 0 }
    }

    /// Elements inside, in order.
    pub fn children(self) -> Children<'d> {
        Children { next: self.element().and_then(|e| self.with(e.first)) }
    }

    /// True where it has neither elements nor text.
    pub fn is_empty(self) -> bool {
        self.element().is_none_or(|e| e.first == NONE) && self.trimmed().is_empty()
    }

    /// Attributes with their qualified names.
    pub fn attributes(self) -> impl Iterator<Item = (&'d str, &'d str)> {
        let range = self.element().map_or(0..0, |e| e.attributes.clone());
        let found = self.document.attributes.get(range.start as usize..range.end as usize);
        found
            .unwrap_or_default()
            .iter()
            .map(move |a| (self.document.str(&a.name), self.document.str(&a.value)))
    }

    /// An attribute by its local name.
    pub fn attribute(self, name: &str) -> Option<&'d str> {
        let is = |key: &str| key == name || key.rsplit_once(':').is_some_and(|(_, local)| local == name);
        self.attributes().find(|(key, _)| is(key)).map(|(_, value)| value)
    }

    /// Calls `visit` for every element at a path such as `A/B|C`, where `|` separates names that mean the same, until it
    /// answers false.
    fn visit(self, path: &str, visit: &mut dyn FnMut(Self) -> bool) -> bool {
        let (step, rest) = path.split_once('/').map_or((path, None), |(step, rest)| (step, Some(rest)));
        for child in self.children() {
            let name = child.name();
            let hit = name == step || (step.contains('|') && step.split('|').any(|one| one == name));
            let go_on = match rest {
                _ if !hit => true,
                Some(rest) => child.visit(rest, visit),
                None => visit(child),
            };
            if !go_on {
                return false;
            }
        }
        true
    }

    /// The elements at a path such as `A/B|C`.
    pub fn all(self, path: &str) -> Vec<Self> {
        let mut found = Vec::new();
        self.visit(path, &mut |node| {
            found.push(node);
            true
        });
        found
    }

    /// The first element at a path.
    pub fn one(self, path: &str) -> Option<Self> {
        let mut found = None;
        self.visit(path, &mut |node| {
            found = Some(node);
            false
        });
        found
    }

    /// Whether there is an element at a path.
    pub fn has(self, path: &str) -> bool {
        self.one(path).is_some()
    }

    /// How many elements there are at a path.
    pub fn count(self, path: &str) -> usize {
        let mut n = 0;
        self.visit(path, &mut |_| {
            n += 1;
            true
        });
        n
    }

    /// Text of the first element at a path, without space around it; empty where there is none.
    pub fn text_at(self, path: &str) -> &'d str {
        self.one(path).map_or("", Self::trimmed)
    }

    /// Whether the first element at a path has text.
    pub fn filled(self, path: &str) -> bool {
        !self.text_at(path).is_empty()
    }

    /// Whether an element at a path has exactly that text.
    pub fn any_is(self, path: &str, text: &str) -> bool {
        !self.visit(path, &mut |node| node.trimmed() != text)
    }

    /// Every element inside, at any depth, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Node<'d>> {
        // Elements stand in document order, so those inside follow directly.
        let end = self.end();
        let document = self.document;
        (self.index + 1..end).map(move |index| Node { document, index })
    }

    fn end(self) -> u32 {
        let mut at = self;
        loop {
            let Some(element) = at.element() else { return 0 };
            if element.next != NONE {
                return element.next;
            }
            match at.parent() {
                Some(parent) => at = parent,
                None => return u32::try_from(self.document.elements.len()).unwrap_or(NONE),
            }
        }
    }

    /// Whether it stands inside an element of that name.
    pub fn is_inside(self, name: &str) -> bool {
        std::iter::successors(self.parent(), |n| n.parent()).any(|n| n.name() == name)
    }
}

/// Elements inside of one.
#[derive(Debug, Clone)]
pub struct Children<'d> {
    next: Option<Node<'d>>,
}

impl<'d> Iterator for Children<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        let node = self.next?;
        self.next = node.element().and_then(|e| node.with(e.next));
        Some(node)
    }
}

fn within(found: usize, limit: usize, what: &'static str) -> Result<(), ReadError> {
    if found > limit { Err(ReadError::Limit { what, limit }) } else { Ok(()) }
}

fn malformed(position: u64, message: &dyn std::fmt::Display) -> ReadError {
    ReadError::Malformed { position, message: one_line(&message.to_string()) }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(160).collect()
}

#[cfg(test)]
mod tests;
