package domain

import "crypto/sha256"

// SourceFeed is the Source of a program that is known only from a feed.
const SourceFeed = "feed"

// FeedProgram returns the stand-in for a program of which nothing is known but
// that a product feed names its advertiser. It counts as joined and open, because
// networks give product feeds with tracking links to joined publishers only; its
// commission is unknown. Equal arguments give an equal ID.
func FeedProgram(network, advertiserID, name string) Program {
	sum := sha256.Sum256([]byte(network + "\x00" + advertiserID))
	return Program{
		ID: ProgramID("prog_" + idEncoding.EncodeToString(sum[:10])), Network: network, AdvertiserID: advertiserID,
		Name: name, Joined: true, Open: true, Source: SourceFeed,
	}
}
