"""Three hundred and sixty everyday things of thirty kinds, which no published topic was made from."""

from __future__ import annotations

THINGS: dict[str, str] = {
    "smells": (
        "fresh asphalt; a struck match; wet wool; pencil shavings; petrol at the pump; cut grass; a new "
        "paperback; chlorine on skin; warm dust on a radiator; hay in a barn; somebody's aftershave; "
        "rain on hot stone"
    ),
    "sounds": (
        "a kettle coming to the boil; church bells on Sunday; a neighbour's drill; a cat's purr; a pub "
        "through the wall; gravel under tyres; the hum of the fridge; foghorns; a typewriter; children "
        "shouting in a yard; a creaking stair; an ice cream van"
    ),
    "weather": (
        "thick fog; the first snow; a heat wave; drizzle all day; a thunderstorm at night; a stiff east "
        "wind; frost on the windscreen; a mild February; hail; low winter sun; muggy afternoons; a clear "
        "cold morning"
    ),
    "materials": (
        "velvet; stainless steel; raw linen; polished concrete; leather that has aged; plastic garden "
        "chairs; cork; smoked glass; corduroy; brass; fake marble; unpainted pine"
    ),
    "colours": (
        "mustard yellow; bottle green; hospital beige; fluorescent pink; navy blue; terracotta; plain "
        "black; lilac; silver paint; brick red; off-white; turquoise"
    ),
    "chores": (
        "ironing shirts; unblocking a drain; hanging out the washing; cleaning windows; peeling "
        "potatoes; sorting the recycling; descaling the kettle; hoovering the stairs; folding sheets; "
        "defrosting the freezer; polishing shoes; raking leaves"
    ),
    "breakfasts": (
        "porridge with salt; cold pizza; a boiled egg and soldiers; muesli; fried bread; yoghurt and "
        "honey; croissants; toast with marmalade; miso soup in the morning; nothing before noon; "
        "pancakes; beans on toast"
    ),
    "soups": (
        "leek and potato soup; ramen; borscht; clear chicken broth; gazpacho; lentil soup; pumpkin soup; "
        "clam chowder; pho; minestrone; goulash soup; oxtail soup"
    ),
    "fruit": (
        "gooseberries; an overripe banana; blood oranges; figs; durian; a crisp apple; tinned peaches; "
        "pomegranate; grapefruit; lychees; rhubarb; watermelon"
    ),
    "cheeses": (
        "blue cheese; mild cheddar; goat's cheese; mozzarella; cheese from a tube; halloumi; a runny "
        "Brie; Parmesan; cottage cheese; smoked cheese; Limburger; cream cheese"
    ),
    "trees": (
        "birches; a copper beech; palm trees; weeping willows; an old oak; plane trees along a street; "
        "conifers in rows; a cherry in blossom; olive groves; holly; poplars; a monkey puzzle"
    ),
    "insects": (
        "bumblebees; wasps at the table; ladybirds; moths round a lamp; ants in the kitchen; "
        "dragonflies; crickets at dusk; mosquitoes; spiders in the bath; butterflies; cockroaches; "
        "fireflies"
    ),
    "water": (
        "a public fountain; a slow canal; a rock pool; a hot bath; puddles; a mountain stream; a leaking "
        "tap; a mill pond; a garden hose; a reservoir; a waterfall; the tide going out"
    ),
    "jewellery": (
        "a signet ring; hoop earrings; a charm bracelet; pearls; a nose stud; cufflinks; a pocket watch; "
        "amber beads; an engagement ring with a big diamond; a brooch; a plain gold band; a friendship "
        "bracelet"
    ),
    "clothes details": (
        "elbow patches; shoulder pads; zips instead of buttons; deep pockets; sequins; polo necks; "
        "visible logos; dungarees; bow ties; braces; ripped jeans; hand-me-downs"
    ),
    "stationery": (
        "fountain pens; sticky notes; wax seals; squared paper; glitter gel pens; carbon copies; a "
        "leather diary; rubber stamps; ring binders; washi tape; a mechanical pencil; headed notepaper"
    ),
    "post": (
        "postcards from strangers; parcels left with a neighbour; chain letters; round-robin Christmas "
        "letters; handwritten envelopes; junk mail; telegrams; catalogues through the door; a love "
        "letter; thank-you cards; invitations by text; stamps from abroad"
    ),
    "childhood games": (
        "hopscotch; conkers; musical chairs; marbles; hide and seek; skipping ropes; tag in the "
        "playground; pass the parcel; building dens; tin-can telephones; kites; paper boats"
    ),
    "furniture": (
        "a rocking chair; bunk beds; a sofa that swallows you; bar stools; a roll-top desk; nests of "
        "tables; bean bags; a hammock; a four-poster bed; flat-pack shelves; a chaise longue; a garden "
        "bench"
    ),
    "lamps and light": (
        "candles at dinner; strip lights; fairy lights; a lava lamp; street lamps in fog; dimmers; a "
        "torch under the covers; neon signs; blackout curtains; sunlight through blinds; a bare bulb; "
        "paper lanterns"
    ),
    "kitchen things": (
        "a cast-iron pan; a garlic press; an air fryer; wooden spoons; a pressure cooker; non-stick "
        "pans; a mandoline; a pepper mill as tall as a child; a microwave; blunt knives; a salad "
        "spinner; a dishwasher"
    ),
    "tools": (
        "a spirit level; a staple gun; a hand plane; a cordless drill; duct tape; a hatchet; a soldering "
        "iron; a wheelbarrow; a torque wrench; a glue gun; a scythe; an allen key"
    ),
    "vehicles": (
        "a tandem; a milk float; a campervan; a mobility scooter; a rickshaw; a tractor on the road; a "
        "double-decker bus; a moped; a cable car; a skateboard; a hearse; a canoe on a roof rack"
    ),
    "shops": (
        "a hardware shop that has everything; duty free; a corner shop at midnight; charity shops; a "
        "supermarket at Christmas; vending machines; a fishmonger's slab; car boot sales; a chemist with "
        "drawers; outlet villages; a bookmaker; farm shops"
    ),
    "public places": (
        "a launderette; waiting rooms; a bandstand; municipal swimming baths; roundabouts; a cemetery "
        "with yews; an underpass; an allotment; a multi-storey car park; a bus shelter; a war memorial; "
        "a pier in winter"
    ),
    "manners": (
        "first names at once; standing on the right; toasts and speeches; kissing on both cheeks; people "
        "who hum; queuing; taking your shoes off at the door; being early; splitting the bill; small "
        "talk in lifts; thank-you notes; shouting across the street"
    ),
    "family occasions": (
        "a silver wedding; christenings; Sunday lunch with in-laws; a stag night; a wake; Christmas "
        "jumpers; a school play; surprise birthday parties; a family reunion; slide shows of holidays; "
        "Mother's Day; a house-warming"
    ),
    "working life": (
        "a night shift; business cards; a hot desk; clocking in; a leaving do; an annual appraisal; "
        "team-building weekends; a uniform; seasonal work; a long lunch; the works canteen; a corner "
        "office"
    ),
    "health habits": (
        "cold showers; a nap after lunch; cod liver oil; a standing desk; counting steps; going to bed "
        "at nine; a sauna; flossing; chewing gum; barefoot shoes; acupuncture; a hot-water bottle"
    ),
    "small machines": (
        "a cuckoo clock; a Polaroid camera; a label maker; an answering machine; a metronome; a bread "
        "maker; a robot hoover; an electric toothbrush; a calculator with paper roll; a sewing machine; "
        "a leaf blower; a doorbell with a camera"
    ),
}
"""Kind -> its things, with semicolons between them."""
PHRASES = (
    "{}",
    "there is nothing like {}",
    "my thoughts about {}",
    "{}, every time",
    "what people say of {}",
    "{} again",
)
