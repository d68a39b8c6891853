//go:build fewpeers

package peer

var heavy []Peer
