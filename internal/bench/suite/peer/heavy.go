//go:build !fewpeers

package peer

// heavy are contenders that take long to compile. The tag fewpeers leaves them out.
var heavy = []Peer{
	{"go-github v89", "github.com/google/go-github/v89", general(byGitHub)},
	{"godo", "github.com/digitalocean/godo", general(byGodo)},
	{"openai-go v3", "github.com/openai/openai-go/v3", general(byOpenAI)},
	{"anthropic-sdk-go", "github.com/anthropics/anthropic-sdk-go", general(byAnthropic)},
	{"stripe-go v85", "github.com/stripe/stripe-go/v85", general(byStripe)},
}
