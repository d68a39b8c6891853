package tenantkit

// Page is one page of a list.
type Page[T any] struct {
	// Items are the elements of this page, in the server's order. A page in the middle of a
	// list may be empty.
	Items []T
	// Next leads to the next page: give it to the same list call as its option Next. It is
	// opaque, and may be stored to go on later. It is empty on the last page.
	Next string
}
