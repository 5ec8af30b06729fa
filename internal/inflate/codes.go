package inflate

import "math/bits"

// How many symbols each code has, and how many of them may be sent.
const (
	litLens      = 288
	sentLitLens  = 286
	distances    = 32
	sentDistance = 30
	codeLengths  = 19

	longestCode  = 15
	longestMatch = 258
	endOfBlock   = 256
)

// A table has an entry for each value of the next bits, as many as its primary
// table looks at; codes that are longer go on in tables behind it. How much
// there can be of those is known from zlib (enough.c).
const (
	codesPrimary    = 7
	litLenPrimary   = 10
	litLenEntries   = 1334
	distancePrimary = 8
	distanceEntries = 402
)

// An entry says what a code stands for:
//
//	bits 0-5    how many bits to drop: the code's, and what it has beside
//	bits 8-11   how many of them are the code's, or how many a further table looks at
//	bit 13      the end of a block
//	bit 14      a further table, which begins at the value
//	bit 15      no literal, length or distance: one of those two, or nothing
//	bits 16-30  the value: a literal, a base, a symbol
//	bit 31      a literal
type entry uint32

const (
	blockEnds   entry = 1 << 13
	goesOn      entry = 1 << 14
	exceptional entry = 1 << 15
	literal     entry = 1 << 31

	nothing = exceptional | 1<<8 | 1
)

func (e entry) drops() uint    { return uint(e) & 63 }
func (e entry) codeBits() uint { return uint(e) >> 8 & 15 }
func (e entry) value() uint    { return uint(e) >> 16 & 0x7fff }

// number is a base and what is added to it by the bits behind the code.
func (e entry) number(bits uint64) int {
	return int(e.value() + uint(bits&(1<<e.drops()-1)>>e.codeBits()))
}

// What symbols stand for, as entries that lack their code.
var (
	litLenSymbols   = makeLitLenSymbols()
	distanceSymbols = makeDistanceSymbols()
	codeSymbols     = makeCodeSymbols()
)

func makeLitLenSymbols() (symbols [litLens]entry) {
	for i := range endOfBlock {
		symbols[i] = literal | entry(i)<<16
	}
	symbols[endOfBlock] = exceptional | blockEnds
	length := 3
	for i := range 28 {
		extra := max(i/4-1, 0)
		symbols[endOfBlock+1+i] = entry(length)<<16 | entry(extra)
		length += 1 << extra
	}
	symbols[endOfBlock+29] = longestMatch << 16
	symbols[sentLitLens], symbols[sentLitLens+1] = exceptional, exceptional
	return symbols
}

func makeDistanceSymbols() (symbols [distances]entry) {
	distance := 1
	for i := range sentDistance {
		extra := max(i/2-1, 0)
		symbols[i] = entry(distance)<<16 | entry(extra)
		distance += 1 << extra
	}
	symbols[sentDistance], symbols[sentDistance+1] = exceptional, exceptional
	return symbols
}

func makeCodeSymbols() (symbols [codeLengths]entry) {
	for i := range symbols {
		symbols[i] = entry(i) << 16
	}
	return symbols
}

// fixedCodes makes the codes that are not sent.
func (d *Decoder) fixedCodes() {
	if d.fixedCode {
		return
	}
	lengths := d.lengths[:]
	for i := range litLens {
		switch {
		case i < 144, i >= 280:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		default:
			lengths[i] = 7
		}
	}
	for i := range distances {
		lengths[litLens+i] = 5
	}
	build(d.litLen[:], litLenPrimary, lengths[:litLens], litLenSymbols[:])
	build(d.distance[:], distancePrimary, lengths[litLens:], distanceSymbols[:])
	d.fixedCode = true
}

// order is the order in which the lengths of the codes' own code are sent.
var order = [codeLengths]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// readCodes reads the codes of a block.
func (d *Decoder) readCodes() error {
	head, err := d.take(14)
	if err != nil {
		return err
	}
	litLen, distance, sent := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if litLen > sentLitLens || distance > sentDistance {
		return ErrMalformed
	}
	var lengths [codeLengths]uint8
	for _, symbol := range order[:sent] {
		n, err := d.take(3)
		if err != nil {
			return err
		}
		lengths[symbol] = uint8(n)
	}
	if !build(d.codes[:], codesPrimary, lengths[:], codeSymbols[:]) {
		return ErrMalformed
	}
	all := d.lengths[:litLen+distance]
	if err := d.readLengths(all); err != nil {
		return err
	}
	d.fixedCode = false
	if !build(d.litLen[:], litLenPrimary, all[:litLen], litLenSymbols[:]) ||
		!build(d.distance[:], distancePrimary, all[litLen:], distanceSymbols[:]) {
		return ErrMalformed
	}
	return nil
}

// readLengths reads the lengths of both codes, which are one list.
func (d *Decoder) readLengths(lengths []uint8) error {
	for i := 0; i < len(lengths); {
		e, err := d.next(d.codes[:], codesPrimary)
		if err != nil {
			return err
		}
		symbol := e.value()
		if symbol < 16 {
			lengths[i] = uint8(symbol)
			i++
			continue
		}
		if symbol == 16 && i == 0 {
			return ErrMalformed
		}
		again, length := repeats[symbol-16], uint8(0)
		if symbol == 16 {
			length = lengths[i-1]
		}
		more, err := d.take(again.bits)
		if err != nil {
			return err
		}
		n := again.least + int(more)
		if n > len(lengths)-i {
			return ErrMalformed
		}
		for range n {
			lengths[i] = length
			i++
		}
	}
	return nil
}

// repeats are symbols 16, of the last length, 17 and 18, of zero.
var repeats = [3]struct {
	bits  uint
	least int
}{{2, 3}, {3, 3}, {7, 11}}

// build makes the table of a code, of which the lengths are given. It reports
// whether there is such a code: one that has a meaning for all that may come,
// or but a single word, of one bit, or none.
func build(table []entry, primary uint, lengths []uint8, symbols []entry) bool {
	var count [longestCode + 1]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	space, used := 0, 0
	for n, c := range count {
		space += c << (longestCode - n)
		used += c
	}
	switch {
	case space == 1<<longestCode:
	case used == 0 || used == 1 && count[1] == 1:
		for i := range table[:1<<primary] {
			table[i] = nothing
		}
		if used == 0 {
			return true
		}
	default:
		return false
	}
	c := coder{table: table, primary: primary, count: count, end: 1 << primary}
	c.sort(lengths)
	c.fill(symbols)
	return true
}

// A coder gives symbols their places in a table. Codes come with their first
// bit lowest, so they are counted from the high end.
type coder struct {
	table   []entry
	primary uint
	count   [longestCode + 1]int // of symbols with codes of each length
	sorted  [litLens]uint16      // symbols, those with short codes first
	word    uint                 // the next code
	end     int                  // of the tables so far
}

func (c *coder) sort(lengths []uint8) {
	var at [longestCode + 2]int
	for n := 1; n <= longestCode; n++ {
		at[n+1] = at[n] + c.count[n]
	}
	for symbol, n := range lengths {
		if n > 0 {
			c.sorted[at[n]] = uint16(symbol)
			at[n]++
		}
	}
}

func (c *coder) fill(symbols []entry) {
	rest := c.sorted[:]
	for n := uint(1); n <= longestCode; n++ {
		if n > 1 && n <= c.primary { // what is there holds whatever the further bit is
			copy(c.table[1<<(n-1):1<<n], c.table[:1<<(n-1)])
		}
		count := c.count[n]
		for i, symbol := range rest[:count] {
			e := symbols[symbol] + entry(n)
			if n <= c.primary {
				c.table[c.word] = e | entry(n)<<8
			} else {
				c.further(n, count-i, e)
			}
			c.advance(n)
		}
		rest = rest[count:]
	}
}

// advance goes to the next code of n bits.
func (c *coder) advance(n uint) {
	free := ^c.word & (1<<n - 1)
	if free == 0 {
		return // that was the last
	}
	bit := uint(1) << (bits.Len(free) - 1)
	c.word = c.word&(bit-1) | bit
}

// further enters a code that is longer than the primary table looks at, into a
// table behind it, of which it may be the first. left counts it and those that
// follow with codes as long.
func (c *coder) further(n uint, left int, e entry) {
	prefix, suffix, more := c.word&(1<<c.primary-1), c.word>>c.primary, n-c.primary
	if suffix == 0 {
		looks := more
		for space := left; space < 1<<looks; {
			looks++
			space = space<<1 + c.count[c.primary+looks]
		}
		c.table[prefix] = exceptional | goesOn | entry(c.end)<<16 | entry(looks)<<8 | entry(c.primary)
		c.end += 1 << looks
	}
	first := c.table[prefix]
	sub := c.table[first.value() : first.value()+1<<first.codeBits()]
	e = e - entry(c.primary) | entry(more)<<8
	for i := suffix; i < uint(len(sub)); i += 1 << more {
		sub[i] = e
	}
}
