package inflate

import "encoding/binary"

// symbols inflates what stands in a block between its codes and its end.
func (d *Decoder) symbols() error {
	for {
		ends, err := d.many()
		if err == nil && !ends {
			ends, err = d.one()
		}
		if ends || err != nil {
			return err
		}
	}
}

// one inflates one symbol. It takes no byte before it needs it, so that it can
// go on where a piece of the input ends, and stop where all of it ends.
func (d *Decoder) one() (ends bool, err error) {
	e, err := d.next(d.litLen[:], litLenPrimary)
	if err != nil {
		return false, err
	}
	if e&literal != 0 {
		if d.done == d.size {
			return false, ErrMalformed
		}
		d.data[d.done] = byte(e.value())
		d.done++
		return false, nil
	}
	if e&blockEnds != 0 {
		return true, nil
	}
	length, err := d.number(e)
	if err != nil {
		return false, err
	}
	if e, err = d.next(d.distance[:], distancePrimary); err != nil {
		return false, err
	}
	distance, err := d.number(e)
	if err != nil {
		return false, err
	}
	if length > d.size-d.done || distance > d.done {
		return false, ErrMalformed
	}
	repeat(d.data, d.done, distance, length)
	d.done += length
	return false, nil
}

// next reads a code, without the bits that belong to it.
func (d *Decoder) next(table []entry, primary uint) (entry, error) {
	for {
		bits, drop := d.bits, uint(0)
		e := table[bits&(1<<primary-1)]
		if e&goesOn != 0 {
			drop = primary
			e = table[e.value()+uint(bits>>primary&(1<<e.codeBits()-1))]
		}
		if drop += e.codeBits(); d.have >= drop {
			if e&(exceptional|blockEnds) == exceptional {
				return 0, ErrMalformed
			}
			d.drop(drop)
			return e, nil
		}
		if err := d.more(); err != nil {
			return 0, err
		}
	}
}

// number is the number that a code and the bits behind it stand for.
func (d *Decoder) number(e entry) (int, error) {
	more, err := d.take(e.drops() - e.codeBits())
	return int(e.value() + more), err
}

// repeat copies length bytes from distance back, and may write some more
// behind them.
func repeat(data []byte, to, distance, length int) {
	from := to - distance
	if distance >= 16 {
		for end := to + length; to < end; to, from = to+16, from+16 {
			out, in := data[to:to+16], data[from:from+16]
			a, b := binary.LittleEndian.Uint64(in), binary.LittleEndian.Uint64(in[8:])
			binary.LittleEndian.PutUint64(out, a)
			binary.LittleEndian.PutUint64(out[8:], b)
		}
		return
	}
	for n := 0; n < length; { // twice as much at every step
		n += copy(data[to+n:to+length], data[from:to+n])
	}
}

// many inflates symbols as long as there is plenty of input. What it has
// looked at but not used it leaves.
func (d *Decoder) many() (ends bool, err error) {
	const litLenMask, distanceMask = 1<<litLenPrimary - 1, 1<<distancePrimary - 1
	in, _ := d.in.Peek(d.in.Buffered())
	data, size, to := d.data, d.size, d.done
	bits, have, at := d.bits, d.have, 0
	for at <= len(in)-16 && to <= size {
		bits |= binary.LittleEndian.Uint64(in[at:]) << (have & 63)
		at += int((63 - have) >> 3)
		have |= 56
		e := d.litLen[bits&litLenMask]
		if e&literal != 0 {
			bits >>= e.drops()
			have -= e.drops()
			data[to] = byte(e >> 16)
			to++
			e = d.litLen[bits&litLenMask]
			if e&literal != 0 {
				bits >>= e.drops()
				have -= e.drops()
				data[to] = byte(e >> 16)
				to++
				e = d.litLen[bits&litLenMask]
				if e&literal != 0 {
					bits >>= e.drops()
					have -= e.drops()
					data[to] = byte(e >> 16)
					to++
					continue
				}
			}
			bits |= binary.LittleEndian.Uint64(in[at:]) << (have & 63)
			at += int((63 - have) >> 3)
			have |= 56
		}
		if e&exceptional != 0 {
			if e&goesOn != 0 {
				bits >>= litLenPrimary
				have -= litLenPrimary
				e = d.litLen[e.value()+uint(bits&(1<<e.codeBits()-1))]
			}
			if e&literal != 0 {
				bits >>= e.drops()
				have -= e.drops()
				data[to] = byte(e >> 16)
				to++
				continue
			}
			if e&exceptional != 0 {
				if ends = e&blockEnds != 0; !ends {
					err = ErrMalformed
				}
				bits >>= e.drops()
				have -= e.drops()
				break
			}
		}
		length := e.number(bits)
		bits >>= e.drops()
		have -= e.drops()
		e = d.distance[bits&distanceMask]
		if e&exceptional != 0 {
			if e&goesOn == 0 {
				err = ErrMalformed
				break
			}
			bits >>= distancePrimary
			have -= distancePrimary
			if e = d.distance[e.value()+uint(bits&(1<<e.codeBits()-1))]; e&exceptional != 0 {
				err = ErrMalformed
				break
			}
		}
		distance := e.number(bits)
		bits >>= e.drops()
		have -= e.drops()
		if length > size-to || distance > to {
			err = ErrMalformed
			break
		}
		repeat(data, to, distance, length)
		to += length
	}
	if to > size {
		err = ErrMalformed
		to = size
	}
	at -= int(have >> 3)
	have &= 7
	d.bits, d.have, d.done = bits&(1<<have-1), have, to
	d.in.Discard(at)
	return ends, err
}
