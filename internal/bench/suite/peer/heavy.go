//go:build !fewpeers

package peer

// Complete reports whether [All] has all contenders. The tag fewpeers leaves some out.
const Complete = true

// heavy are contenders that take long to compile. The tag fewpeers leaves them out.
var heavy = []Peer{
	{"go-github v93", "github.com/google/go-github/v93", general(byGitHub)},
	{"godo", "github.com/digitalocean/godo", general(byGodo)},
	{"openai-go v3", "github.com/openai/openai-go/v3", general(byOpenAI)},
	{"anthropic-sdk-go", "github.com/anthropics/anthropic-sdk-go/v2", general(byAnthropic)},
	{"stripe-go v86", "github.com/stripe/stripe-go/v86", general(byStripe)},
}
