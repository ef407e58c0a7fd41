//! One of a thing for each shape that comes along, the least used given up first.
//!
//! Owns which are kept. Knows nothing of models. Rule: there are never more than [`MOST`].

/// Shapes of a tensor: images, height, width.
pub(crate) type Shape = [usize; 3];

/// Most that are kept: the widths of lines on a GPU, and some.
pub(crate) const MOST: usize = 24;

/// Things by shape.
#[derive(Debug)]
pub(crate) struct Shapes<T> {
    /// The last one was used last.
    items: Vec<(Shape, T)>,
}

impl<T> Default for Shapes<T> {
    fn default() -> Self {
        Self { items: Vec::new() }
    }
}

impl<T> Shapes<T> {
    /// Any of them, for what all have in common.
    pub(crate) fn any(&self) -> Option<&T> {
        self.items.last().map(|(_, item)| item)
    }

    /// The one for `shape`; where there is none, a new one.
    pub(crate) fn of<E>(&mut self, shape: Shape, make: impl FnOnce() -> Result<T, E>) -> Result<&mut T, E> {
        let at = self.items.iter().position(|(of, _)| *of == shape);
        let item = if let Some(at) = at {
            self.items.remove(at).1
        } else {
            // What is given up makes room before the new one asks for it.
            if self.items.len() >= MOST {
                self.items.remove(0);
            }
            make()?
        };
        self.items.push((shape, item));
        match self.items.last_mut() {
            Some((_, item)) => Ok(item),
            None => unreachable!("it was pushed above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_shape_has_its_own_and_the_least_used_are_given_up() {
        let mut made = 0;
        let mut of = |shapes: &mut Shapes<usize>, width| {
            let make = || {
                made += 1;
                Ok::<usize, ()>(made)
            };
            *shapes.of([1, 48, width], make).unwrap()
        };
        let mut shapes = Shapes::default();
        assert_eq!((of(&mut shapes, 1), of(&mut shapes, 2), of(&mut shapes, 1)), (1, 2, 1));
        for width in 3..=MOST {
            of(&mut shapes, width);
        }
        assert_eq!((of(&mut shapes, 1), shapes.items.len()), (1, MOST));
        // The second was not used for longest.
        of(&mut shapes, 1000);
        assert_eq!((of(&mut shapes, 1), of(&mut shapes, 2)), (1, MOST + 2));
        assert_eq!(shapes.items.len(), MOST);
    }

    #[test]
    fn what_cannot_be_made_is_an_error_and_the_others_stay() {
        let mut shapes = Shapes::default();
        assert_eq!(shapes.any(), None);
        assert_eq!(shapes.of([1, 1, 1], || Ok::<_, ()>(7)), Ok(&mut 7));
        assert_eq!(shapes.of([2, 1, 1], || Err("no memory")), Err("no memory"));
        assert_eq!(shapes.of([1, 1, 1], || Err(())), Ok(&mut 7));
        assert_eq!(shapes.any(), Some(&7));
    }
}
