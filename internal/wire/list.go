package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A List is a JSON array of which each element is read as a Read, and kept as what Keep makes of
// that. A slice of elements that read themselves would take twice the work: each is first looked
// through for its end, and then read.
type List[Read, Kept any] struct {
	// Keep returns what is kept of an element, or why it is none.
	Keep func(*Read) (Kept, error)
	// Elements are what was kept, not nil after reading.
	Elements []Kept
}

// maxGuess bounds the room that is made for elements that were not read yet.
const maxGuess = 255

// UnmarshalJSONFrom reads an array. A null is one without elements.
func (l *List[Read, Kept]) UnmarshalJSONFrom(decoder *jsontext.Decoder) error {
	l.Elements = []Kept{}
	token, err := decoder.ReadToken()
	if err != nil {
		return err
	}
	switch token.Kind() {
	case 'n':
		return nil
	case '[':
	default:
		return shapeError("expected a list, got " + kindOfJSON(token.Kind()))
	}
	var read, none Read
	for decoder.PeekKind() != ']' {
		read = none
		start := decoder.InputOffset()
		if err := json.UnmarshalDecode(decoder, &read); err != nil {
			return err
		}
		kept, err := l.Keep(&read)
		if err != nil {
			return fmt.Errorf("element %d: %w", len(l.Elements), err)
		}
		if cap(l.Elements) == 0 {
			// Room for what follows, if it is of the same size, but no more than
			// growing would soon reach.
			more := int64(len(decoder.UnreadBuffer())) / (decoder.InputOffset() - start)
			l.Elements = make([]Kept, 0, 1+min(more, maxGuess))
		}
		l.Elements = append(l.Elements, kept)
	}
	_, err = decoder.ReadToken()
	return err
}
