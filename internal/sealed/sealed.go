// Package sealed keeps what passes through Temporal from whoever can read there.
//
// A payload that goes in comes out as it was. One that was altered, or sealed
// under a key that is not at hand, is an [Error] that says so, never another
// payload. What was never sealed is read as it is, so that sealing can begin
// while surveys run. Nothing that it prints has a key in it.
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"

	"go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/proto"
)

// What a sealed payload says of itself, by the names that Temporal's examples
// have for it. All else of the payload, its own metadata too, is within.
const (
	encoding = "encoding"
	sealedAs = "binary/encrypted"
	keyID    = "encryption-key-id"
)

// A Codec seals payloads on their way to Temporal, and opens them on their way
// back. It is one of the SDK's converter.PayloadCodec.
type Codec struct {
	// Keys returns those of the moment; nil ones seal nothing, and open
	// nothing that is sealed.
	Keys func() *Keys
}

// Encode seals each payload under the first key.
func (c Codec) Encode(payloads []*common.Payload) ([]*common.Payload, error) {
	keys := c.Keys()
	if keys == nil {
		return payloads, nil
	}
	return each(payloads, keys.seal)
}

// Decode opens each payload that is sealed.
func (c Codec) Decode(payloads []*common.Payload) ([]*common.Payload, error) {
	return each(payloads, c.Keys().open)
}

func each(payloads []*common.Payload, do func(*common.Payload) (*common.Payload, error)) ([]*common.Payload, error) {
	done := make([]*common.Payload, len(payloads))
	for i, p := range payloads {
		var err error
		if done[i], err = do(p); err != nil {
			return payloads, err
		}
	}
	return done, nil
}

func (k *Keys) seal(p *common.Payload) (*common.Payload, error) {
	plain, err := proto.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("seal a payload: %w", err)
	}
	return &common.Payload{
		Metadata: map[string][]byte{encoding: []byte(sealedAs), keyID: []byte(k.first.id)},
		Data:     k.first.aead.Seal(nil, nil, plain, bound(k.first.id)),
	}, nil
}

// open works on nil keys, too, which have none.
func (k *Keys) open(p *common.Payload) (*common.Payload, error) {
	if string(p.GetMetadata()[encoding]) != sealedAs {
		return p, nil
	}
	id := string(p.GetMetadata()[keyID])
	key := k.named(id)
	if key == nil {
		return nil, &Error{Key: id, Lacking: true}
	}
	plain, err := key.aead.Open(nil, nil, p.GetData(), bound(id))
	if err != nil {
		return nil, &Error{Key: id}
	}
	opened := &common.Payload{}
	if err := proto.Unmarshal(plain, opened); err != nil {
		return nil, fmt.Errorf("open a payload: %w", err) // sealed by another program with our key
	}
	return opened, nil
}

// bound is what a sealed payload says of itself, which has to be what it said
// when it was sealed.
func bound(id string) []byte { return []byte(encoding + "=" + sealedAs + "\n" + keyID + "=" + id) }

// newAEAD puts a new random nonce before each payload. Two alike under one key
// would tell of both: of 2^32 payloads, that is one chance in 2^32.
func newAEAD(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// An Error is why a payload cannot be opened.
type Error struct {
	// Key is the id of the key that it says it is sealed under.
	Key string
	// Lacking says that this process has no key of that id. Otherwise it has
	// one, and it does not fit.
	Lacking bool
}

func (e *Error) Error() string {
	if e.Lacking {
		return fmt.Sprintf("a payload in Temporal is sealed under key %.*q, which is not among this process's: give the file that has it with --temporal-payload-key-file", longestID, e.Key)
	}
	return fmt.Sprintf("a payload in Temporal, sealed under key %.*q, does not open: it was altered, or sealed under another key of that id; compare the files that --temporal-payload-key-file names", longestID, e.Key)
}
