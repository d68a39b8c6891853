//go:build !fewpeers

package peer

// heavy are contenders that take minutes to compile from nothing. The tag fewpeers leaves them out.
var heavy = []Peer{
	{"openai-go v3", "github.com/openai/openai-go/v3", general(byOpenAI)},
	{"anthropic-sdk-go", "github.com/anthropics/anthropic-sdk-go", general(byAnthropic)},
	{"stripe-go v85", "github.com/stripe/stripe-go/v85", general(byStripe)},
}
