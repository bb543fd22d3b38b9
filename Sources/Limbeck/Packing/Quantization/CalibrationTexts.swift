/// Default calibration texts, if the caller has no texts of the kind that the model will read: sentences on many subjects and of
/// several forms. Alone and in groups, differently mixed, they are 75 texts, some 2,800 tokens.
enum CalibrationTexts {
    /// The sizes of the groups, and the stride with which they walk through the sentences, coprime to their number.
    private static let groups = [(1, 1), (2, 3), (4, 7), (8, 11)]

    @inline(never) static func make() -> [[UInt8]] {
        let lines = sentences.withUTF8Buffer { $0.split(separator: UInt8(ascii: "\n")).map { [UInt8]($0) } }
        var texts: [[UInt8]] = []
        for (size, step) in groups {
            for first in stride(from: 0, to: lines.count, by: size) {
                var text: [UInt8] = []
                for i in first..<min(first + size, lines.count) {
                    if !text.isEmpty { text.append(UInt8(ascii: " ")) }
                    text += lines[i * step % lines.count]
                }
                texts.append(text)
            }
        }
        return texts
    }

    private static let sentences: StaticString = """
        The river rose in the night, and by morning the lower fields lay under a foot of brown water.
        How do I change the password of my account without losing my saved settings?
        She bought two kilograms of apples, a loaf of bread and some cheese at the market on Saturday.
        In 1969 the first people walked on the Moon; about 600 million watched them on television.
        The committee rejected the proposal by nine votes to four, citing its cost and lack of evidence.
        A small library for reading and writing compressed archives, with bindings for several languages.
        Doctors advise patients with high blood pressure to eat less salt and to exercise regularly.
        "I have never seen anything like it," said the old man, and he closed the door behind him.
        The new phone has a 6.1-inch display, a better camera and a battery that lasts two days.
        What is the difference between a virus and a bacterium?
        Shares of the company fell 12% on Monday after it reported a loss of $3.4 billion.
        Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.
        This film is far too long, the jokes are stale, and the ending makes no sense at all.
        Wonderful service, friendly staff and the best pasta we have had in years!
        The function returns an error if the file cannot be opened or the buffer is too small.
        Brazil beat Germany 2-0 in the final in Yokohama, with both goals scored by Ronaldo.
        The treaty was signed in Vienna in 1815 and redrew the map of Europe.
        Mix the flour with the butter, add the eggs and the milk, and bake for forty minutes at 180 degrees.
        The defendant shall pay the costs of the proceedings within thirty days of this judgment.
        Bees communicate the distance and direction of flowers by dancing.
        My train was late again, so I missed the meeting and had to call my boss.
        The orchestra played Beethoven's seventh symphony to a full house.
        Install the package with the system's package manager, then restart the web server.
        He was born in Kraków, studied physics in Paris, and taught at Princeton until 1955.
        Earthquakes of magnitude 7 or more occur about fifteen times a year.
        Which countries border Switzerland, and what languages do they speak?
        The dog barked at the postman, who dropped his letters and ran.
        Unemployment in the region has fallen to its lowest level in twenty years.
        Let f be a continuous function on the interval [0, 1]; then f attains its maximum.
        They painted the kitchen yellow and the hall a pale shade of green.
        The protein binds to the receptor and blocks the growth of tumour cells in mice.
        Passengers travelling to Terminal 5 should change at the next station.
        Visit https://example.org/help or write to support@example.org for details.
        The poet compares the sea to an old friend who never keeps his promises.
        A graphical front end for the debugger, written in Python and GTK.
        Please return the form, signed and dated, before the end of the month.
        The desert is hot by day but can be bitterly cold at night.
        Interest rates will probably remain unchanged until the spring.
        I'm not sure whether it's a good idea, but let's try it anyway.
        The bridge, built of iron in 1779, still stands over the Severn.
        """
}
